import { accessKey, type Lock } from '../../src/access/access-state.js';
import { IssueSubjectKey, IssueSubjectKeyHandler } from '../../src/capture/issue-subject-key.js';
import { certifies } from '../../src/keys/attestation.js';
import { SubjectKeys } from '../../src/keys/subject-keys.js';
import { CheckpointFile } from '../../src/log/checkpoint-file.js';
import type { GrantId, Position, SubjectId } from '../../src/log/ids.js';
import { parseVerifierKey } from '../../src/merkle/note.js';
import { Backups } from '../backups.js';
import { cloneDatabase, type TestDatabase } from '../postgres/database.js';
import { origin, typedRecords, VaultInProcess } from '../vault-in-process.js';
import { StolenService } from './stolen-service.js';

/**
 * Whoever brings back what was there before an erasure does not bring back the erased: neither with their key alone, nor by
 * hand, nor with the whole vault in silence. Where people accept a loss of the log, nothing opens until they have erased again.
 */
let vault: VaultInProcess;
let backups: Backups;
let grant: GrantId;
let before: TestDatabase | undefined;
const s1 = 's1' as SubjectId;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  backups = await Backups.of(vault);
  await vault.ingest('one', 's1', typedRecords(5));
  await vault.ingest('two', 's2', typedRecords(5));
  grant = await vault.grant('one', ['typed']);
  await backups.take('log', 'old log');
  await backups.take('keys', 'old keys');
});
afterEach(async () => {
  await vault.stop();
  await before?.drop();
  before = undefined;
  await backups.remove();
});

const keysLeft = async () => (await vault.asIntruder('SELECT subject FROM keys.subject_key ORDER BY 1')).rows.map((row) => row.subject); // prettier-ignore
const putBack = (row: object) => vault.asIntruder('INSERT INTO keys.subject_key VALUES ($1, $2, $3, $4)', Object.values(row)); // prettier-ignore
const keyOf = async () => {
  const { rows } = await vault.asIntruder("SELECT subject, key_id, public_key, wrapped FROM keys.subject_key WHERE subject = 's1'"); // prettier-ignore
  return rows[0] as object;
};

/** They are not read, they are not recorded again, and no key is made for them, whatever is asked. */
async function staysErased(position: number): Promise<void> {
  const erased = { code: 'subject_erased', members: { position } };
  await expect(vault.read(grant, 'one')).rejects.toMatchObject(erased);
  await expect(vault.copy('one', 's1')).rejects.toMatchObject(erased);
  await expect(vault.keyholder.register(s1)).rejects.toMatchObject(erased);
  await vault.consent('s1', 'given');
  expect(await new SubjectKeys(vault.log, vault.keyholder).of(s1)).toBeUndefined();
  expect(await vault.ingest('again', 's1', typedRecords(3))).toMatchObject({ suppressed: 3, accepted: 0 });
  expect(await keysLeft()).toEqual(['s2']);
  expect(await vault.verify()).toMatchObject({ ok: true, problems: [] });
}

describe('an erased subject stays erased', () => {
  it('when the keys come back from before: theirs is destroyed before anything opens', async () => {
    const { position } = await vault.erase('s1');
    await backups.take('log', 'new log');
    const database = await cloneDatabase();
    await backups.restore(['new log', 'old keys'], database);
    expect(await vault.moveTo(database)).toBe(1);
    await staysErased(position);
    expect((await vault.read(await vault.grant('two', ['typed']), 'two')).records).toHaveLength(5);
  });

  it('when their key is put back by hand while the keyholder runs: it opens nothing, is told, and goes', async () => {
    // In the log, and nothing of it is given away yet.
    const early = await new StolenService(vault).discloses({ grant, session: 'one', subject: 's1', records: 5 });
    const key = await keyOf();
    const { position } = await vault.erase('s1');
    await putBack(key);
    expect(await vault.keyholder.status()).toMatchObject({ erasedKeysLeft: 1 });
    const opening = vault.keyholder.open(early).next();
    await expect(opening).rejects.toMatchObject({ code: 'subject_erased', members: { position } });
    // Asked again, the same erasure destroys it, and so does the next start.
    expect(await vault.erase('s1')).toMatchObject({ position });
    expect(await keysLeft()).toEqual(['s2']);
    await putBack(key);
    expect(await vault.startKeyholderWith(vault.rootKey.bytes)).toBe(1);
    await staysErased(position);
  });
});

describe('where log and keys both come back from before the erasure', () => {
  const keeper = (name: string) =>
    new CheckpointFile(backups.path(name), { origin, verifiers: [parseVerifierKey(vault.trust.log)] });
  const starts = {
    keyholder: async () => void (vault.keyholder = await vault.openKeyholder(vault.trust, keeper('keyholder'))),
    service: async () => void (vault.log = await vault.openLog(keeper('service'))),
  };

  async function bothFromBefore() {
    const { size } = vault.log;
    await vault.ingest('late', 's3', typedRecords(5));
    await vault.erase('s3');
    const { certificate } = await vault.erase('s1');
    for (const name of Object.keys(starts)) await keeper(name).keep(vault.log.checkpoint);
    const kept = vault.log.size;
    before = vault.database;
    vault.database = await cloneDatabase();
    await backups.restore(['old log', 'old keys'], vault.database);
    return { certificate, kept, size };
  }

  async function acceptAndStart(kept: number) {
    for (const [name, start] of Object.entries(starts)) {
      await backups.acceptRollback(backups.path(name), kept);
      await start();
    }
  }

  it('neither keyholder nor service starts while something outside remembers more, each for itself', async () => {
    const { kept, size } = await bothFromBefore();
    const rolledBack = { code: 'log_rolled_back', members: { kept, size } };
    await expect(starts.keyholder()).rejects.toMatchObject(rolledBack);
    await expect(starts.service()).rejects.toMatchObject(rolledBack);
    await backups.acceptRollback(backups.path('keyholder'), kept);
    await expect(starts.service()).rejects.toMatchObject(rolledBack);
    await starts.keyholder();
    // On its own it opens nothing: no reading is in the log that a service has not written.
    await expect(vault.keyholder.open(0 as Position).next()).rejects.toMatchObject({ code: 'keyholder_refused' });
  });

  it('whoever accepts that opens nothing: all is locked until officers have erased again, and then it is for good', async () => {
    const { certificate, kept, size } = await bothFromBefore();
    await acceptAndStart(kept);
    const [told] = (await vault.log.reader.stream('log')).slice(-1);
    expect(told).toMatchObject({ type: 'log.rolled_back', position: size, data: { kept, found: size } });
    const [{ lock }] = [...vault.log.state.of(accessKey).locks.values()] as [Lock];
    for (const reading of [vault.read(grant, 'one'), vault.copy('one', 's1')])
      await expect(reading).rejects.toMatchObject({ members: { rules: ['locked'] } });
    // Nobody here knows of the erasure. What the officers hold does: it names whom, under the keyholder's own signature.
    const { signature, ...claim } = certificate;
    expect(certifies(vault.trust.keyholder, claim, new Uint8Array(Buffer.from(signature, 'base64')))).toBe(true);
    const again = await vault.erase(claim.subject);
    expect(again.certificate).toMatchObject({ keyId: claim.keyId });
    await vault.act('lock.lift', { lock });
    await staysErased(again.position);
    expect(await vault.startKeyholderWith(vault.rootKey.bytes)).toBe(0);
    expect((await vault.read(await vault.grant('two', ['typed']), 'two')).records).toHaveLength(5);
  });

  it('somebody whom the backup does not know at all is erased again once a source has asked for a key of theirs', async () => {
    const { kept } = await bothFromBefore();
    await acceptAndStart(kept);
    await expect(vault.erase('s3')).rejects.toMatchObject({ code: 'subject_unknown' });
    await new IssueSubjectKeyHandler(vault.log, new SubjectKeys(vault.log, vault.keyholder)).execute(
      new IssueSubjectKey('s3' as SubjectId),
    );
    await vault.erase('s3');
    expect(await vault.ingest('late', 's3', typedRecords(3))).toMatchObject({ suppressed: 3, accepted: 0 });
  });
});
