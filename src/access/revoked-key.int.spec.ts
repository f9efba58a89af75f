import { typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { keyIdOf } from '../identity/trust.js';
import { generateSigningKey } from '../sealing/signature.js';
import { accessKey } from './access-state.js';

type Key = ReturnType<typeof generateSigningKey>;
let vault: VaultInProcess;
let dan: Key;
let asked: Awaited<ReturnType<VaultInProcess['request']>>;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(10));
  dan = await enrolled();
  asked = await vault.request(['one'], ['typed']);
});
afterEach(() => vault.stop());

async function enrolled(): Promise<Key> {
  const key = generateSigningKey();
  const publicKey = Buffer.from(key.publicKey).toString('base64');
  await vault.act('key.enrol', { person: 'dan', role: 'approver', publicKey, expiresAt: Date.now() + 86_400_000 });
  return key;
}
const revoke = (key: { publicKey: Uint8Array }) => vault.act('key.revoke', { keyId: keyIdOf(key.publicKey) }, ['ola']);
const approve = async (name: string, key?: Key) =>
  vault.approve(asked.request, await vault.approvalOf(asked, name, {}, key), name);

describe('what a key signed before it was revoked', () => {
  it('does not count towards a quorum that is not complete yet', async () => {
    expect(await approve('dan', dan)).toMatchObject({ approvals: 1, grant: null });
    await revoke(dan);
    expect(await approve('ada')).toMatchObject({ approvals: 1, grant: null });
    expect(await approve('bob')).toMatchObject({ approvals: 2, grant: asked.request });
    expect(await vault.verify()).toMatchObject({ ok: true });
  });

  it('can be signed by the same person again, with another key', async () => {
    await approve('dan', dan);
    await revoke(dan);
    expect(await approve('dan', await enrolled())).toMatchObject({ approvals: 1, grant: null });
    expect(await approve('ada')).toMatchObject({ approvals: 2, grant: asked.request });
  });

  it('and was complete by then is a grant, until that is revoked itself', async () => {
    await approve('dan', dan);
    await approve('ada');
    await revoke(dan);
    const grant = vault.log.state.of(accessKey).grants.get(asked.request as never);
    expect([grant?.signers, grant?.revoked]).toEqual([2, undefined]);
  });

  it('counts on where the key that was to be revoked is one of the trust file, which no act ends', async () => {
    const key = vault.signingKeys.get('ada') as Key;
    await approve('ada');
    await expect(revoke(key)).rejects.toMatchObject({ code: 'key_refused' });
    await vault.forcedAct({ kind: 'key.revoke', body: { keyId: keyIdOf(key.publicKey) } }, ['ola']);
    expect(await approve('bob')).toMatchObject({ approvals: 2, grant: asked.request });
  });
});
