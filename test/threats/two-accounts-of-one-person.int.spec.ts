import type { GrantId, RequestId } from '../../src/log/ids.js';
import { generateSigningKey } from '../../src/sealing/signature.js';
import { researcher, typedRecords, VaultInProcess } from '../vault-in-process.js';
import { StolenService } from './stolen-service.js';

/** People count, not keys: whoever has two of them, or the key of somebody who may not sign, makes no quorum with it. */
let vault: VaultInProcess;
let stolen: StolenService;
let asked: Awaited<ReturnType<VaultInProcess['request']>>;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  stolen = new StolenService(vault);
  await vault.ingest('one', 's1', typedRecords(10));
  asked = await vault.request(['one'], ['typed']);
});
afterEach(() => vault.stop());

const enrolment = (person: string, { publicKey }: { publicKey: Uint8Array }) => ({
  person,
  role: 'approver',
  publicKey: Buffer.from(publicKey).toString('base64'),
  expiresAt: vault.clock() + 86_400_000,
});
/** By as many officers as it takes. */
async function enrolled(person: string) {
  const key = generateSigningKey();
  await vault.act('key.enrol', enrolment(person, key));
  return key;
}

/** One real signature and this one, handed in and then written past every rule, open nothing. */
async function isNoSecond(
  person: string,
  key: ReturnType<typeof generateSigningKey>,
  ...rules: string[]
): Promise<void> {
  await vault.approve(asked.request, await vault.approvalOf(asked, 'ada'), 'ada');
  const envelope = await vault.approvalOf(asked, person, {}, key);
  await expect(vault.approve(asked.request, envelope, person)).rejects.toMatchObject({
    code: 'approval_refused',
    members: { rules },
  });
  const position = await stolen.approves(asked.request, envelope);
  await expect(reads(asked.request)).rejects.toMatchObject({ code: 'keyholder_refused' });
  expect((await vault.verify()).problems).toEqual(
    expect.arrayContaining([expect.objectContaining({ check: 'approval_invalid', position })]),
  );
}
const reads = (request: RequestId) =>
  stolen.reads({ grant: request as string as GrantId, session: 'one', subject: 's1' });

it('two people with a key each are two', async () => {
  const key = await enrolled('dan');
  await vault.approve(asked.request, await vault.approvalOf(asked, 'ada'), 'ada');
  await vault.approve(asked.request, await vault.approvalOf(asked, 'dan', {}, key), 'dan');
  expect(await reads(asked.request)).toBe(10);
  expect(await vault.verify()).toMatchObject({ ok: true });
});

it('a second key of an approver is no second approver', async () =>
  isNoSecond('ada', await enrolled('ada'), 'already_approved'));

it('nor is the key of whoever asks', async () => isNoSecond(researcher, await enrolled(researcher), 'own_request'));

it('nor that of whoever is recorded', async () =>
  isNoSecond('subject:s1', await enrolled('subject:s1'), 'subject_concerned'));

it('nor one that only one officer enrolled', async () => {
  const key = generateSigningKey();
  await vault.act('key.enrol', enrolment('dan', key), ['ola']);
  await isNoSecond('dan', key, 'key_unknown');
});

it('nor one that an officer enrolled twice, under whatever name a service lets through', async () => {
  const key = generateSigningKey();
  await vault.forcedAct({ kind: 'key.enrol', body: enrolment('dan', key) }, ['ola', 'ola']);
  await isNoSecond('dan', key, 'key_unknown');
});

it('one key has one name: it is not enrolled again for another, also where the service lets it', async () => {
  const body = enrolment('dan', vault.signingKeys.get('ada') as { publicKey: Uint8Array });
  await expect(vault.act('key.enrol', body)).rejects.toMatchObject({ code: 'key_refused' });
  await vault.forcedAct({ kind: 'key.enrol', body }, ['ola', 'pia']);
  await isNoSecond('dan', vault.signingKeys.get('ada') as never, 'approver_mismatch', 'already_approved');
});
