import { freshCommand, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { EraseSubject, EraseSubjectHandler } from '../keys/erase-subject.js';
import type { Consent } from '../log/entries.js';
import type { PersonId, SessionId, SubjectId } from '../log/ids.js';
import { ChangeConsent, ChangeConsentHandler } from './change-consent.js';

let vault: VaultInProcess;
beforeEach(async () => (vault = await VaultInProcess.start()));
afterEach(() => vault.stop());

const consent = (subject: string, value: Consent, log = vault.log) =>
  new ChangeConsentHandler(log).execute(new ChangeConsent(freshCommand(), subject as SubjectId, value));
const streamOf = async (session: string) =>
  (await vault.log.reader.session(session as SessionId)).map(({ type }) => type);

describe('nothing is stored', () => {
  it.each(['refused', 'paused'] as const)(
    'of a subject who has %s: no session, no key, only the count',
    async (value) => {
      await consent('s1', value);
      expect(await vault.ingest('one', 's1', typedRecords(7))).toMatchObject({ suppressed: 7, accepted: 0, next: 7 });
      expect(await streamOf('one')).toEqual(['records.suppressed']);
      expect((await vault.asIntruder('SELECT * FROM keys.subject_key')).rows).toEqual([]);
      expect((await vault.asIntruder('SELECT * FROM log.body')).rows).toEqual([]);
    },
  );

  it('of an erased subject', async () => {
    await vault.ingest('one', 's1', typedRecords(1));
    await new EraseSubjectHandler(vault.log, vault.keyholder).execute(
      new EraseSubject(freshCommand(), 'officer1' as PersonId, 's1' as SubjectId),
    );
    expect(await vault.ingest('two', 's1', typedRecords(2))).toMatchObject({ suppressed: 2 });
  });

  it('of what was under way when the subject paused on another instance', async () => {
    const source = vault.ingester();
    await vault.ingest('one', 's1', typedRecords(1), { with: source });
    const elsewhere = await vault.openLog();
    // The writer still believes in the consent that it saw last; the head knows better.
    await consent('s1', 'paused', elsewhere);
    expect(await vault.ingest('one', 's1', typedRecords(4, 'late', 1), { first: 1, with: source })).toMatchObject({
      suppressed: 4,
      accepted: 0,
    });
  });

  it('of what was suppressed, also when it is sent again after the subject came back', async () => {
    await consent('s1', 'refused');
    await vault.ingest('one', 's1', typedRecords(3));
    await consent('s1', 'given');
    const again = await vault.ingest('one', 's1', typedRecords(5));
    expect(again).toMatchObject({ suppressed: 3, accepted: 2, duplicate: 0, next: 5 });
  });

  it('of a session that belongs to another subject or format', async () => {
    await vault.ingest('one', 's1', typedRecords(2));
    await expect(vault.ingest('one', 's2', typedRecords(2))).rejects.toMatchObject({ code: 'session_conflict' });
    await expect(vault.ingest('one', 's1', typedRecords(2), { format: 'asciicast' })).rejects.toMatchObject({
      code: 'session_conflict',
    });
  });

  it('behind a gap, and the answer says where to go on', async () => {
    await vault.ingest('one', 's1', typedRecords(2));
    await expect(vault.ingest('one', 's1', typedRecords(1, 'x', 3), { first: 3 })).rejects.toMatchObject({
      code: 'sequence_gap',
      members: { expected: 2 },
    });
  });
});

describe('a record is stored once', () => {
  it('sent again, whole or overlapping', async () => {
    expect(await vault.ingest('one', 's1', typedRecords(5))).toMatchObject({ accepted: 5, duplicate: 0 });
    expect(await vault.ingest('one', 's1', typedRecords(5))).toMatchObject({
      accepted: 0,
      duplicate: 5,
      position: null,
    });
    expect(await vault.ingest('one', 's1', typedRecords(4, 'typed', 3), { first: 3 })).toMatchObject({
      accepted: 2,
      duplicate: 2,
      next: 7,
    });
  });

  it('under the same command', async () => {
    const command = freshCommand();
    const first = await vault.ingest('one', 's1', typedRecords(3), { command });
    expect(await vault.ingest('two', 's1', typedRecords(3))).toMatchObject({ accepted: 3 });
    await expect(vault.ingest('three', 's1', typedRecords(3), { command })).rejects.toMatchObject({
      code: 'command_reused',
    });
    expect(first.accepted).toBe(3);
  });

  it('by two writers of one session on two instances', async () => {
    const [one, two] = [vault.ingester(), vault.ingester(await vault.openLog())];
    for (let first = 0; first < 20; first += 2) {
      const ends = await Promise.allSettled(
        [one, two].map((source) => vault.ingest('one', 's1', typedRecords(2, 'typed', first), { first, with: source })),
      );
      const answers = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
      expect(answers).toHaveLength(2);
      expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(2);
    }
    const { records } = await vault.read(await vault.grant('one', ['typed']), 'one');
    expect(records.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });
});

describe('what is stored', () => {
  it('opens again to the same records, over batches, epochs and restarts of the writer', async () => {
    await vault.ingest('one', 's1', typedRecords(600));
    await vault.ingest('one', 's1', typedRecords(100, 'typed', 600), { first: 600 });
    const types = await streamOf('one');
    expect(types).toEqual([
      'session.opened',
      'session.keyed',
      'session.batch',
      'session.batch',
      'session.keyed',
      'session.batch',
    ]);
    const { records } = await vault.read(await vault.grant('one', ['typed']), 'one');
    expect(records.map(({ fields }) => (fields['typed'] as { text: string }).text)).toEqual(
      Array.from({ length: 700 }, (_, index) => `typed ${index}`),
    );
  });

  it('shows no plaintext in any table', async () => {
    const canary = 'canary-77b0e2';
    await vault.ingest('one', 's1', typedRecords(50, canary));
    const grant = await vault.grant('one', ['typed']);
    const { records } = await vault.read(grant, 'one');
    expect(JSON.stringify(records)).toContain(canary);
    const tables = [
      'log.entry',
      'log.body',
      'log.command',
      'log.head',
      'log.checkpoint',
      'log.tile',
      'keys.subject_key',
      'keys.opened',
    ];
    for (const table of tables) {
      const { rows } = await vault.asIntruder(`SELECT t::text AS row FROM ${table} t`);
      const text = rows.map(({ row }) => row).join('\n');
      expect([table, text.includes(canary), text.includes(Buffer.from(canary).toString('hex'))]).toEqual([
        table,
        false,
        false,
      ]);
    }
  });
});
