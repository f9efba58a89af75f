import { freshCommand, researcher, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import type { FieldName } from '../log/fields.js';
import type { GrantId, Position, SessionId, SubjectId } from '../log/ids.js';
import { writeCommand } from '../log/write-command.js';

let vault: VaultInProcess;
let grant: GrantId;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(10, 'granted'));
  await vault.ingest('two', 's1', typedRecords(10, 'secret'));
  grant = await vault.grant('one', ['typed']);
});
afterEach(() => vault.stop());

/** Opens a disclosure of session one that a stolen service wrote: it counts what it likes. */
async function openForged(records: number): Promise<string> {
  const session = 'one' as SessionId;
  const data = { grant, session, fields: ['typed'] as FieldName[], versions: 1000, records };
  const { positions } = await vault.log.append(writeCommand(freshCommand(), researcher, 'forged'), () => ({
    entries: [{ type: 'disclosure.made', stream: `request/${grant}`, data, subject: 's1' as SubjectId }],
    answer: null,
  }));
  const batches = [];
  for await (const batch of vault.keyholder.open(positions[0] as Position)) batches.push(batch);
  return JSON.stringify(batches);
}

describe('a session that was not granted stays shut', () => {
  const of = (session: string) => `(SELECT position FROM log.entry WHERE stream = 'session/${session}')`;
  const into = (target: string, source: string) =>
    `UPDATE log.body a SET sealed = b.sealed FROM log.body b
     WHERE a.field = 'typed' AND b.field = 'typed' AND a.position IN ${of(target)} AND b.position IN ${of(source)}`;

  it('when its sealed columns are put in the place of the granted ones', async () => {
    await vault.asIntruder(into('one', 'two'));
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'tampered' });
  });

  it('when another subject’s are', async () => {
    await vault.ingest('three', 's2', typedRecords(10));
    await vault.asIntruder(into('one', 'three'));
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'tampered' });
  });

  it('when its rows are moved into the stream of the granted one', async () => {
    expect(await openForged(20)).toContain('granted 3');
    await vault.asIntruder(
      "UPDATE log.entry SET stream = 'session/one', version = version + 100 WHERE stream = 'session/two'",
    );
    const opened = await openForged(20).catch((error: { code: string }) => error.code);
    expect(opened).not.toContain('secret');
  });
});

describe('within a session', () => {
  it('the columns of two batches do not open in each other’s place', async () => {
    await vault.ingest('one', 's1', typedRecords(10, 'granted', 10), { first: 10 });
    await vault.asIntruder(
      `UPDATE log.body a SET sealed = b.sealed FROM log.body b, log.entry x, log.entry y
       WHERE a.field = 'typed' AND b.field = 'typed' AND a.position <> b.position
         AND x.position = a.position AND y.position = b.position
         AND x.stream = 'session/one' AND y.stream = 'session/one'`,
    );
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'tampered' });
  });
});
