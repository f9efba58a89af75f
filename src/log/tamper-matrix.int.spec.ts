import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { freshCommand, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { openCheckpoint, signCheckpoint } from '../merkle/checkpoint.js';
import { parseVerifierKey } from '../merkle/note.js';
import type { KeptCheckpoint } from './checkpoint-keeper.js';
import { decodeHeader, encodeHeader, type Entry } from './header.js';
import type { GrantId, PersonId, SubjectId } from './ids.js';
import { tamperCases, type TamperCase } from './tamper-cases.spec.js';
import { writeCommand } from './write-command.js';

/**
 * Whoever rules the database changes one thing after the other: every column of every table, and a bit in every region
 * of bytes. Which check sees it first is written down in tamper-matrix.txt, so that a check that no longer sees is a
 * diff. `CUSTOS_WRITE_MATRIX=1 npx jest src/log/tamper-matrix` writes it anew.
 */
const matrixFile = join(__dirname, 'tamper-matrix.txt');
const smallEntries = 1000;

let vault: VaultInProcess;
let intruder: pg.Client;
let remembered: KeptCheckpoint;
let values: Record<string, string>;
let live: GrantId;

beforeAll(async () => {
  vault = await VaultInProcess.start();
  for (const [session, subject] of [
    ['one', 's1'],
    ['two', 's2'],
    ['three', 's3'],
  ] as const) {
    await vault.ingest(session, subject, typedRecords(5));
  }
  const grant = await vault.grant('two', ['typed']);
  await vault.read(grant, 'two');
  await vault.revoke(grant);
  await vault.erase('s2');
  await Promise.all(Array.from({ length: smallEntries }, (_, index) => small(index)));
  live = await vault.grant('one', ['typed']);
  for (let index = 0; index < 20; index += 1) await small(index);
  intruder = new pg.Client({ connectionString: vault.database.superuserUrl });
  await intruder.connect();
  await prepare();
}, 300_000);
afterAll(async () => {
  await intruder.end();
  await vault.stop();
});

const small = (index: number) => {
  const subject = `other-${index % 40}` as SubjectId;
  const draft = { type: 'consent.changed', stream: `subject/${subject}`, subject, data: { consent: 'given' } } as const;
  return vault.log.append(writeCommand(freshCommand(), 'tester' as PersonId, index), () => ({
    entries: [draft],
    answer: { index },
  }));
};

/**
 * Keeps a copy of every table, and looks up what the cases speak of. What the tables themselves check is let go of in the
 * catalogue, where no start sees it: it would refuse an index or a constraint that is not there.
 */
async function prepare(): Promise<void> {
  await intruder.query('SET session_replication_role = replica; CREATE SCHEMA kept');
  for (const table of await tables()) await intruder.query(`CREATE TABLE kept."${table}" AS TABLE ${table}`);
  await intruder.query(
    `UPDATE pg_class SET relchecks = 0 WHERE relnamespace IN ('log'::regnamespace, 'keys'::regnamespace)`,
  );
  const { size, checkpoint } = await vault.log.reader.head();
  const verifiers = [parseVerifierKey(vault.trust.log)];
  const { origin, root } = openCheckpoint(checkpoint, vault.trust.origin, verifiers);
  remembered = { size, root, note: checkpoint };
  const mid = await positionNear(300);
  const back = (await vault.log.reader.checkpointCovering(size - 12)).size;
  const forkedRoot = new Uint8Array(32).fill(7);
  const forked = signCheckpoint({ origin, size: back, root: forkedRoot }, vault.signer);
  values = {
    mid: String(mid),
    tail: String(size - 5),
    size: String(size),
    back: String(back),
    forged: await forgedAt(mid),
    forgedtail: await forgedAt(size - 5),
    forked: `'${forked}'`,
  };
  expect(Math.floor(size / 256) * 256).toBeLessThan(back - 1); // `tail` and `back` lie past the last full tile.
}

/** The header of a position, by another actor. */
async function forgedAt(position: number): Promise<string> {
  const entry = decodeHeader(await vault.log.reader.header(position)) as Entry;
  const header = encodeHeader({ ...entry, actor: 'somebody' as PersonId });
  return `'\\x${Buffer.from(header).toString('hex')}'::bytea`;
}

/** Of an entry that was the first of its command, as all the small ones were. */
async function positionNear(least: number): Promise<number> {
  const { rows } = await intruder.query('SELECT min(first)::int AS first FROM log.command WHERE first >= $1', [least]);
  return rows[0].first;
}

async function tables(): Promise<string[]> {
  const { rows } = await intruder.query<{ name: string }>(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('log', 'keys') AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

async function columns(): Promise<string[]> {
  const { rows } = await intruder.query<{ name: string }>(
    `SELECT table_schema || '.' || table_name || '.' || column_name AS name FROM information_schema.columns
     WHERE table_schema || '.' || table_name = ANY($1) ORDER BY 1`,
    [await tables()],
  );
  return rows.map(({ name }) => name);
}

async function tamper({ sql }: TamperCase): Promise<void> {
  const isUnique = (value: boolean) =>
    intruder.query(
      `UPDATE pg_index SET indisunique = ${value} WHERE indexrelid IN (SELECT conindid FROM pg_constraint
       WHERE conrelid IN ('keys.subject_key'::regclass, 'log.command'::regclass) AND contype IN ('p', 'u'))`,
    );
  await isUnique(false);
  await intruder.query(sql.replaceAll(/(?<!:):([a-z]+)\b/g, (whole, name: string) => values[name] ?? whole));
  await isUnique(true);
}

async function putBack(): Promise<void> {
  for (const table of await tables()) {
    await intruder.query(`TRUNCATE ${table}; INSERT INTO ${table} SELECT * FROM kept."${table}"`);
  }
}

/** What sees it: verification, or else a start or the next reading. Undefined if nothing does. */
async function seenBy(): Promise<string | undefined> {
  const { problems } = await vault.verify(remembered);
  if (problems.length > 0) return `verify: ${[...new Set(problems.map(({ check }) => check))].sort().join(', ')}`;
  return vault.startedAnew(readAnew).then(
    () => undefined,
    (error: unknown) => `start or read: ${(error as { code?: string }).code ?? (error as Error).message}`,
  );
}

/** A disclosure, by a service and a keyholder that have just started, of what was there from the beginning. */
async function readAnew(): Promise<void> {
  const { records } = await vault.read(live, 'one');
  if (records.length !== 5) throw new Error('another answer than before');
}

it('every column has a case, and every case a place', async () => {
  const places = new Set(tamperCases.map(({ place }) => place));
  const all = await columns();
  expect(all.filter((column) => !places.has(column))).toEqual([]);
  const tablesToo = ['log', ...(await tables()), ...all];
  expect([...places].filter((place) => !tablesToo.includes(place))).toEqual([]);
});

it('untouched, nothing is seen', async () => {
  expect(await seenBy()).toBeUndefined();
  await putBack();
});

it('whatever is changed is seen, or misleads nobody', async () => {
  const lines: string[] = [];
  for (const one of tamperCases) {
    await tamper(one);
    const seen = await seenBy();
    await putBack();
    lines.push(`${one.place.padEnd(27)} ${one.what.padEnd(60)} ${seen ?? `nobody: ${one.harmless ?? 'NOT SEEN'}`}`);
  }
  const text = `${lines.join('\n')}\n`;
  if (process.env['CUSTOS_WRITE_MATRIX'] !== undefined) await writeFile(matrixFile, text);
  expect(text).not.toContain('NOT SEEN');
  expect(text).toBe(await readFile(matrixFile, 'utf8'));
}, 600_000);
