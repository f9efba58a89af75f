import { typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { accessKey } from './access-state.js';
import { changed, type Change } from './given-policy.spec.js';

let vault: VaultInProcess;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(3));
});
afterEach(() => vault.stop());

/** The act that changes the policy in force so. */
function change(how: Change) {
  const { policy, policyHash } = vault.log.state.of(accessKey);
  const next = changed(policy, (one) => {
    one.version += 1;
    how(one);
  });
  return { policy: next, replaces: policyHash, reason: 'as it was agreed' };
}

describe('a policy that is below a floor', () => {
  it('is refused before anybody signs, by the name of the floor, and the refusal is an entry', async () => {
    const open = change(({ fields }) => (fields.other = 'basic'));
    await expect(vault.act('policy.change', open)).rejects.toMatchObject({
      code: 'policy_refused',
      members: { rules: ['strict_field_lowered'], position: expect.any(Number) },
    });
    expect(vault.log.state.of(accessKey).policy.version).toBe(1);
    expect(await vault.verify()).toMatchObject({ ok: true });
  });
});

describe('a policy that was signed', () => {
  it('is in force for the instance that took it, for another one, and for the keyholder', async () => {
    const other = await vault.openLog();
    const grant = await vault.grant('one', ['typed']);
    expect(
      await vault.act(
        'policy.change',
        change(() => 0),
      ),
    ).toMatchObject({ signatures: 2, enforced: true });
    expect((await other.refreshed()).of(accessKey).policy.version).toBe(2);
    expect((await vault.read(grant, 'one')).records).toHaveLength(3);
    const under = await vault.grant('one', ['typed']);
    expect((await vault.read(under, 'one')).records).toHaveLength(3);
    expect(await vault.verify()).toMatchObject({ ok: true, problems: [] });
  });

  it('is in force after a start anew', async () => {
    await vault.act(
      'policy.change',
      change(({ classes }) => (classes.strict.quorum = 5)),
    );
    await vault.startedAnew(async () =>
      expect(vault.log.state.of(accessKey).policy).toMatchObject({ version: 2, classes: { strict: { quorum: 5 } } }),
    );
  });

  it('of two that were proposed side by side is the one that is signed first', async () => {
    const [first, second] = [change(({ classes }) => (classes.strict.quorum = 4)), change(() => 0)];
    await vault.act('policy.change', second, ['ola']);
    await vault.act('policy.change', first);
    await expect(vault.act('policy.change', second)).rejects.toMatchObject({
      code: 'policy_refused',
      members: { rules: ['policy_superseded'] },
    });
  });
});
