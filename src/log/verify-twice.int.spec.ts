import { leafHash } from '../merkle/hash.js';
import { perfectRoot } from '../merkle/perfect-root.js';
import { Findings } from './checks.js';
import { decodeHeader, encodeHeader, type Entry } from './header.js';
import type { PersonId } from './ids.js';
import { append, consent, TestLog } from './test-log.spec.js';
import { UpperTiles } from './verify-tiles.js';

/** Two rows of one place: PostgreSQL lets nobody make them whose index says that it is unique, and believes its word. */
let test: TestLog;
beforeEach(async () => {
  test = await TestLog.open();
  for (let index = 0; index < 260; index += 10) await append(test.log, ...Array.from({ length: 10 }, () => consent()));
});
afterEach(() => test.close());

async function intrude(table: string, ...statements: string[]): Promise<void> {
  const client = await test.pool('superuser').connect();
  const isUnique = (value: boolean) =>
    client.query(`UPDATE pg_index SET indisunique = ${value} WHERE indrelid = 'log.${table}'::regclass AND indisunique <> ${value}
      AND indexrelid IN (SELECT conindid FROM pg_constraint WHERE conrelid = 'log.${table}'::regclass)`);
  await client.query('SET session_replication_role = replica');
  await isUnique(false);
  for (const statement of statements) await client.query(statement);
  await isUnique(true);
  client.release();
}
const problems = async () => (await test.verify()).problems.map(({ position, check }) => `${position} ${check}`);
const hex = (bytes: Uint8Array) => `'\\x${Buffer.from(bytes).toString('hex')}'::bytea`;

describe.each([5, 258])('verification finds a second row of entry %i', (position) => {
  it.each([
    ['behind', ['forged']],
    ['before', ['delete', 'forged', 'true']],
  ])('of another header, %s the true one', async (_, order) => {
    const entry = decodeHeader(await test.log.reader.header(position)) as Entry;
    const header = encodeHeader({ ...entry, actor: 'somebody' as PersonId });
    await intrude('entry', `CREATE TABLE public.kept AS SELECT * FROM log.entry WHERE position = ${position}`);
    const steps: Record<string, string> = {
      delete: `DELETE FROM log.entry WHERE position = ${position}`,
      forged: `INSERT INTO log.entry SELECT position, stream, version, type, at, subject, governs, ${hex(leafHash(header))}, ${hex(header)} FROM public.kept`,
      true: 'INSERT INTO log.entry SELECT * FROM public.kept',
    };
    await intrude('entry', ...order.map((step) => steps[step] as string));
    expect(await problems()).toContain(`${position} not_in_the_log`);
  });

  it('that is the same', async () => {
    await intrude('entry', `INSERT INTO log.entry SELECT * FROM log.entry WHERE position = ${position}`);
    expect(await problems()).toEqual([`${position} not_in_the_log`]);
  });
});

it.each([
  ['behind', 'false'],
  ['before', 'true'],
])('verification finds a second row of a tile, %s the true one', async (_, moved) => {
  await intrude(
    'tile',
    'CREATE TABLE public.kept AS TABLE log.tile',
    `DELETE FROM log.tile WHERE ${moved}`,
    `INSERT INTO log.tile SELECT level, index, set_byte(hashes, 0, 0), root FROM public.kept`,
    `INSERT INTO log.tile SELECT * FROM public.kept WHERE ${moved}`,
  );
  expect(await problems()).toEqual(['0 tile_differs']);
});

it.each([
  ['behind', ['true', 'forged']],
  ['before', ['forged', 'true']],
])('verification finds a second row of a tile above the lowest, %s the true one', async (_, order) => {
  const roots = Array.from({ length: 256 }, (_, index) => new Uint8Array(32).fill(index + 1));
  const hashes = Buffer.concat(roots);
  const of: Record<string, Buffer> = { true: hashes, forged: Buffer.alloc(8192) };
  await intrude(
    'tile',
    ...order.map((one) => `INSERT INTO log.tile VALUES (1, 0, ${hex(of[one] as Buffer)}, ${hex(perfectRoot(roots))})`),
  );
  const findings = new Findings();
  const client = await test.pool('custos_reader').connect();
  await new UpperTiles(client, findings).add(hashes, { compare: true });
  client.release();
  expect(findings.inOrder()).toEqual([{ position: 0, check: 'tile_differs' }]);
});

it('verification finds a command that was carried out twice, though an index was made that knows of one row only', async () => {
  await intrude('command', 'CREATE TABLE public.kept AS TABLE log.command', `DELETE FROM log.command WHERE first = 11`);
  const { rows } = await test.pool('superuser').query('SELECT actor, command FROM public.kept WHERE first = 11');
  expect(rows).toHaveLength(1);
  await intrude(
    'command',
    // As if it had been sent again: what verification has to name is that two rows are of one command.
    `UPDATE log.command SET command = (SELECT command FROM public.kept WHERE first = 11) WHERE first = 251`,
    `CREATE INDEX another ON log.command ((actor || ''), (command || ''), first, actor, command)`,
    `UPDATE pg_index SET indisready = false WHERE indexrelid = 'log.another'::regclass`,
    `INSERT INTO log.command SELECT * FROM public.kept WHERE first = 11`,
    `UPDATE pg_index SET indisready = true WHERE indexrelid = 'log.another'::regclass`,
    `INSERT INTO log.command SELECT actor, 'x' || n, digest, first, count, repeat('x', 1500) FROM log.command, generate_series(1, 3000) n WHERE first = 21`,
    'VACUUM ANALYZE log.command',
  );
  expect(await problems()).toContain('251 command_repeated');
});
