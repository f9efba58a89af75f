import { typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { accessKey } from './access-state.js';
import type { Change } from './given-policy.spec.js';

let vault: VaultInProcess;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(3));
});
afterEach(() => vault.stop());

const inForce = (log = vault.log) => log.state.of(accessKey).policy;
const four: Change = ({ classes }) => (classes.strict.quorum = 4);

describe('a policy that is below a floor', () => {
  it('is refused before anybody signs, by the name of the floor, and the refusal is an entry', async () => {
    await expect(vault.changePolicy(({ fields }) => (fields.other = 'basic'))).rejects.toMatchObject({
      code: 'policy_refused',
      members: { rules: ['strict_field_lowered'], position: expect.any(Number) },
    });
    expect(inForce().version).toBe(1);
    expect(await vault.verify()).toMatchObject({ ok: true });
  });
});

describe('a policy that was signed', () => {
  it('is in force for the instance that took it, for another one, and for the keyholder', async () => {
    const other = await vault.openLog();
    const grant = await vault.grant('one', ['typed']);
    expect(await vault.changePolicy(four)).toMatchObject({ signatures: 2, enforced: true });
    expect((await other.refreshed()).of(accessKey).policy).toMatchObject({ version: 2 });
    expect((await vault.read(grant, 'one')).records).toHaveLength(3);
    expect((await vault.read(await vault.grant('one', ['typed']), 'one')).records).toHaveLength(3);
    expect(await vault.verify()).toMatchObject({ ok: true, problems: [] });
  });

  it('opens no grant that it would not give, until another one would', async () => {
    const grant = await vault.grant('one', ['typed']);
    await vault.changePolicy(({ classes }) => (classes.private.quorum = 3));
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({
      code: 'disclosure_denied',
      members: { rules: ['policy_forbids'] },
    });
    await vault.changePolicy(({ classes }) => (classes.private.quorum = 2));
    expect((await vault.read(grant, 'one')).records).toHaveLength(3);
    expect(await vault.verify()).toMatchObject({ ok: true, problems: [] });
  });

  it('is in force after a start anew', async () => {
    await vault.changePolicy(four);
    await vault.startedAnew(async () => expect(inForce()).toMatchObject({ version: 2 }));
  });

  it('of two that were proposed side by side is the one that is signed first', async () => {
    await vault.changePolicy(() => 0, ['ola']);
    const { policy, policyHash: replaces } = vault.log.state.of(accessKey);
    await vault.changePolicy(four);
    const late = { policy: { ...policy, version: 2 }, replaces };
    await expect(vault.changePolicy(() => 0, ['pia'], late)).rejects.toMatchObject({
      code: 'policy_refused',
      members: { rules: ['policy_superseded'] },
    });
  });
});

describe('above a reach ceiling', () => {
  const alone: Change = ({ classes }) => (classes.private.mostPersonsAtOnce = classes.strict.mostPersonsAtOnce = 0);
  const exceeded = [{ ceiling: 'mostPersonsAtOnce', of: 'typed', limit: 0, found: 1 }];

  it('a grant takes more people than its fields do', async () => {
    await vault.changePolicy(alone);
    const grant = await vault.grant('one', ['typed']);
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'disclosure_denied' });
    const [request] = vault.log.state.of(accessKey).requests.values();
    expect(request).toMatchObject({ needed: 3, approvals: { size: 2 } });
  });

  it('a policy that gives back what an earlier one took is refused, with the numbers, unless more officers sign', async () => {
    const grant = await vault.grant('one', ['typed']);
    await vault.changePolicy((policy) => {
      alone(policy);
      policy.classes.private.quorum = 3;
    });
    const giveBack: Change = ({ classes }) => (classes.private.quorum = 2);
    await expect(vault.changePolicy(giveBack)).rejects.toMatchObject({ code: 'reach_exceeded', members: { exceeded } });
    const said = { beyondCeilings: true };
    expect(await vault.changePolicy(giveBack, ['ola', 'pia'], said)).toMatchObject({ needed: 3, enforced: false });
    expect(inForce().version).toBe(2);
    await vault.changePolicy(giveBack, ['ola', 'pia', 'roy'], said);
    expect((await vault.read(grant, 'one')).records).toHaveLength(3);
    expect(await vault.verify()).toMatchObject({ ok: true, problems: [] });
  });
});
