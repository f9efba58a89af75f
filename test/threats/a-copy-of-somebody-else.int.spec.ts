import { SubjectLedger, SubjectLedgerHandler } from '../../src/history/subject-ledger.js';
import { fieldNames, type FieldName } from '../../src/log/fields.js';
import { ownCopy, type PersonId, type Position, type SessionId, type SubjectId } from '../../src/log/ids.js';
import { writeCommand } from '../../src/log/write-command.js';
import { testIssuer } from '../test-issuer.js';
import { freshCommand, typedRecords, VaultInProcess } from '../vault-in-process.js';

/** A subject's own copy has no signature behind it: what keeps it theirs is their token, and the key of their own. */
let vault: VaultInProcess;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(5));
  await vault.ingest('two', 's2', typedRecords(5));
});
afterEach(() => vault.stop());

async function recordsOf({ batches }: { batches: AsyncIterable<{ sequences: readonly number[] }> }): Promise<number> {
  let records = 0;
  for await (const { sequences } of batches) records += sequences.length;
  return records;
}
/** What a stolen service writes in the name of a subject. */
async function forged(subject: string, session: string): Promise<Position> {
  const fields = ['typed'] as FieldName[];
  const data = { grant: ownCopy, session: session as SessionId, fields, versions: 99, records: 5 };
  const command = writeCommand(freshCommand(), `subject:${subject}` as PersonId, 'forged');
  const { positions } = await vault.log.append(command, () => ({
    entries: [{ type: 'disclosure.made', stream: `subject/${subject}`, subject: subject as SubjectId, data }],
    answer: null,
  }));
  return positions[0] as Position;
}
async function opened(position: Position, token?: string): Promise<number> {
  return recordsOf({ batches: vault.keyholder.open(position, token) });
}
const tokenOf = (person: string, role = 'subject') => vault.issuer.tokenOf(person, role);
const refused = { code: 'keyholder_refused' };

describe('a subject has no copy', () => {
  it.each([
    ['of another subject', 'two'],
    ['of a session that there is not', 'none'],
  ])('%s, and the refusal is in the log', async (_what, session) => {
    await expect(vault.copy(session, 's1')).rejects.toMatchObject({
      code: 'disclosure_denied',
      members: { rules: ['session_not_own'] },
    });
  });

  it('while a lock covers it', async () => {
    await vault.lock({ kind: 'subject', subject: 's1' as SubjectId });
    await expect(vault.copy('one', 's1')).rejects.toMatchObject({ members: { rules: ['locked'] } });
    expect(await recordsOf(await vault.copy('two', 's2'))).toBe(5);
  });

  it('of what was erased: the answer has the tombstone', async () => {
    const { position } = await vault.erase('s1');
    await expect(vault.copy('one', 's1')).rejects.toMatchObject({ code: 'subject_erased', members: { position } });
  });
});

describe('a service that was stolen reads nobody by writing copies in their name', () => {
  it('without a token', async () => {
    await expect(opened(await forged('s1', 'one'))).rejects.toMatchObject(refused);
  });

  it.each([
    ['another subject', 'subject:s2', 'subject'],
    ['a researcher', 'researcher', 'researcher'],
    ['an officer', 'ola', 'officer'],
  ])('with the token of %s', async (_whose, person, role) => {
    await expect(opened(await forged('s1', 'one'), await tokenOf(person, role))).rejects.toMatchObject(refused);
  });

  it('with a token that another issuer signed', async () => {
    const stranger = await (await testIssuer()).tokenOf('subject:s1', 'subject');
    await expect(opened(await forged('s1', 'one'), stranger)).rejects.toMatchObject(refused);
  });

  it('with the token of a subject who is there, for the session of another: their key does not open it', async () => {
    await expect(opened(await forged('s1', 'two'), await tokenOf('subject:s1'))).rejects.toMatchObject({
      code: 'tampered',
    });
    // Unchanged but for the session, it opens.
    expect(await opened(await forged('s1', 'one'), await tokenOf('subject:s1'))).toBe(5);
  });

  it('a second time with the same entry', async () => {
    const [position, token] = [await forged('s1', 'one'), await tokenOf('subject:s1')];
    expect(await opened(position, token)).toBe(5);
    await expect(opened(position, token)).rejects.toMatchObject(refused);
  });
});

describe('a subject has a copy of their own', () => {
  it('with every field, without anybody else, and it is in their ledger before they have it', async () => {
    const copy = await vault.copy('one', 's1');
    const ledger = () => new SubjectLedgerHandler(vault.log).execute(new SubjectLedger('s1' as SubjectId));
    const line = { kind: 'released', person: 'subject:s1', session: 'one', position: copy.disclosure };
    expect((await ledger()).entries).toMatchObject([{ ...line, completed: 'unknown' }]);
    expect(copy.fields).toEqual([...fieldNames].sort());
    expect(await recordsOf(copy)).toBe(5);
    expect((await ledger()).entries).toMatchObject([{ ...line, completed: 'delivered', records: 5 }]);
    expect(await vault.verify()).toMatchObject({ ok: true });
  });

  it('also while they have paused or refused, and while the programme is paused: that ends capture only', async () => {
    await vault.consent('s1', 'refused');
    await vault.pauseProgramme();
    expect(await recordsOf(await vault.copy('one', 's1'))).toBe(5);
  });
});
