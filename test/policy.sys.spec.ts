import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changed, type Change } from '../src/access/given-policy.spec.js';
import { ServiceProcess } from './service-process.js';

/** A policy from the command line, on the way of an officer: shown, changed, checked, compared, proposed, signed. */
let service: ServiceProcess;
let folder: string;
beforeAll(async () => {
  service = await ServiceProcess.start();
  folder = await mkdtemp(join(tmpdir(), 'custos-policy-'));
});
afterAll(async () => {
  await service.remove();
  await rm(folder, { recursive: true });
});

async function as(who: string, ...args: string[]) {
  const { code, stdout } = await service.custos('--as', who, '--json', ...args);
  return { code, json: JSON.parse(stdout) };
}
async function next(how: Change): Promise<string> {
  const { json } = await as('officer1', 'policy', 'show', '--document');
  const policy = changed(json, (one) => {
    one.version += 1;
    how(one);
  });
  const file = join(folder, `policy-${policy.version}.json`);
  await writeFile(file, JSON.stringify(policy));
  return file;
}
const reason = ['--reason', 'as it was agreed in March', '--yes'];
const create = ['request', 'create', '--session', 'p1', '--field', 'kind', '--purpose', 'to see whose word counts', '--records', '2000', '--disclosures', '5', '--for', '1h']; // prettier-ignore
const stricter: Change = ({ classes }) => Object.values(classes).forEach((of) => (of.quorum = 3));
const back: Change = ({ classes }) =>
  Object.values(classes).forEach((of) => Object.assign(of, { quorum: 2, mostPersonsAtOnce: 0 }));
const anna = { person: 'researcher', subjects: ['anna'], fields: ['kind'] };

it('a policy is changed by officers, and who gains and loses by it is known before', async () => {
  await as('source', 'ingest', 'examples/shell.cast', '--format', 'asciicast', '--subject', 'anna', '--session', 'p1');
  const { json: made } = await as('researcher', ...create);
  const { json: shown } = await as('approver1', 'request', 'show', made.request);
  expect(shown.reach).toEqual({ gains: [{ ...anna, before: null, after: expect.any(Number) }], exceeded: [] });
  for (const name of ['approver1', 'approver2']) await as(name, 'approve', made.request, '--yes');
  const { json: waiting } = await as('researcher', ...create);

  const file = await next(stricter);
  expect(await as('officer1', 'policy', 'check', file)).toMatchObject({ code: 0, json: { ok: true } });
  const { code, json: diff } = await as('auditor', 'policy', 'diff', file);
  expect({ code, ...diff }).toMatchObject({
    ...{ code: 0, version: 2, needed: 2, gains: [], exceeded: [] },
    losses: [{ ...anna, before: expect.any(Number), after: null }],
    lapses: [{ request: waiting.request, requester: 'researcher' }],
  });
  expect(diff.changes).toContainEqual({ path: 'classes.basic.quorum', before: 2, after: 3 });

  const { json: proposed } = await as('officer1', 'policy', 'propose', file, ...reason);
  expect(proposed).toMatchObject({ signatures: 1, needed: 2, enforced: false });
  expect(await as('officer2', 'policy', 'sign', proposed.act, '--yes')).toMatchObject({ code: 0, json: { enforced: true } }); // prettier-ignore
  const { json: inForce } = await as('subject:anna', 'policy', 'show');
  expect(inForce).toMatchObject({ policyHash: diff.policyHash, policy: { version: 2 } });
  expect(inForce.position).toBeGreaterThan(0);

  expect(await as('researcher', 'read', made.request)).toMatchObject({
    code: 1,
    json: { code: 'disclosure_denied', rules: ['policy_forbids'] },
  });
  expect(await as('approver1', 'approve', waiting.request, '--yes')).toMatchObject({
    code: 1,
    json: { code: 'approval_refused', rules: ['policy_changed', 'request_not_open'] },
  });
});

it('a policy that brings reach above a ceiling is refused with the numbers, unless more officers sign', async () => {
  const file = await next(back);
  const exceeded = [{ ceiling: 'mostPersonsAtOnce', of: 'kind', limit: 0, found: 1 }];
  expect(await as('officer1', 'policy', 'diff', file)).toMatchObject({ code: 0, json: { needed: 3, exceeded } });
  const refused = { code: 'reach_exceeded', status: 409, exceeded, position: expect.any(Number) };
  expect(await as('officer1', 'policy', 'propose', file, ...reason)).toMatchObject({ code: 1, json: refused });
  const { json } = await as('officer1', 'policy', 'propose', file, '--beyond-ceilings', ...reason);
  expect(json).toMatchObject({ signatures: 1, needed: 3 });
});

it('nobody gets past a floor, or past the officers', async () => {
  const low = await next(({ fields }) => (fields.other = 'private'));
  const floor = { code: 1, json: { code: 'policy_refused', rules: ['strict_field_lowered'] } };
  expect(await as('officer1', 'policy', 'propose', low, ...reason)).toMatchObject(floor);
  expect(await as('officer1', 'policy', 'diff', low)).toMatchObject(floor);
  const file = await next(() => 0);
  const key = ['--key', join(service.data, 'people', 'officer1.key.json')];
  for (const args of [
    ['propose', file, ...reason, ...key],
    ['diff', file],
  ]) {
    expect(await as('researcher', 'policy', ...args)).toMatchObject({ code: 1, json: { code: 'role_missing' } });
  }
  expect(await as('officer1', 'policy', 'diff', join(folder, 'none.json'))).toMatchObject({ code: 2 });
});
