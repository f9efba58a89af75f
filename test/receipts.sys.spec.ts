import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyReceipt } from '../src/log/receipt.js';
import { parseVerifierKey } from '../src/merkle/note.js';
import { devOrigin, filesOf } from '../src/service/data-folder.js';
import { ServiceProcess } from './service-process.js';

/**
 * Whoever writes gets the proof that it is in the log, from every route, checkable with the log's public key alone. Who
 * adds a route that writes adds a step here: the routes are compared with test/route-access.txt.
 */
interface Step {
  readonly route: string;
  readonly as: string;
  /** The command line; what earlier steps answered is at hand. */
  readonly command: (told: Told) => readonly string[];
  /** Types of the entries that it writes, in order. */
  readonly writes: readonly string[];
  readonly remember?: (answer: Record<string, string>, told: Told) => void;
}
type Told = Record<string, string>;

const create = ['request', 'create', '--session', 'r1', '--field', 'kind', '--purpose', 'to see that it is proven', '--records', '2000', '--disclosures', '5', '--for', '1h']; // prettier-ignore
const reason = ['--reason', 'to see that it is proven'];
const steps: readonly Step[] = [
  { route: 'PUT /v1/subjects/{subject}/consent', as: 'subject:anna', command: () => ['consent', 'resume'], writes: ['consent.changed'] },
  { route: 'POST /v1/records', as: 'source', command: () => ['ingest', 'examples/shell.cast', '--format', 'asciicast', '--subject', 'anna', '--session', 'r1'], writes: ['session.opened', 'session.keyed', 'session.batch', 'session.batch'] },
  { route: 'POST /v1/sealed-batches', as: 'source', command: () => ['ingest', 'examples/shell.cast', '--format', 'asciicast', '--subject', 'anna', '--session', 'r2', '--seal-at-source'], writes: ['session.opened', 'session.keyed', 'session.batch', 'session.batch'] },
  { route: 'POST /v1/requests', as: 'researcher', command: () => create, writes: ['request.made'], remember: (answer, told) => (told['request'] = answer['request'] ?? '') },
  { route: 'POST /v1/requests/{request}/rejection', as: 'approver1', command: ({ request }) => ['reject', request ?? '', ...reason], writes: ['request.rejected'] },
  { route: 'POST /v1/requests', as: 'researcher', command: () => create, writes: ['request.made'], remember: (answer, told) => (told['request'] = answer['request'] ?? '') },
  { route: 'POST /v1/requests/{request}/approvals', as: 'approver1', command: ({ request }) => ['approve', '--yes', request ?? ''], writes: ['request.approved'] },
  { route: 'POST /v1/requests/{request}/approvals', as: 'approver2', command: ({ request }) => ['approve', '--yes', request ?? ''], writes: ['request.approved'] },
  { route: 'POST /v1/subjects/{subject}/copy', as: 'subject:anna', command: () => ['copy', '--session', 'r1', '--recording', '/dev/null'], writes: ['disclosure.made'] },
  { route: 'POST /v1/grants/{grant}/disclosures', as: 'researcher', command: ({ request }) => ['read', request ?? '', '--recording', '/dev/null'], writes: ['disclosure.made'] },
  { route: 'POST /v1/grants/{grant}/revocation', as: 'approver1', command: ({ request }) => ['revoke', request ?? '', ...reason], writes: ['grant.revoked'] },
  { route: 'POST /v1/locks', as: 'officer1', command: () => ['lock', '--all', ...reason], writes: ['lock.set'], remember: (answer, told) => (told['lock'] = answer['lock'] ?? '') },
  { route: 'POST /v1/assurance', as: 'auditor', command: () => ['assurance'], writes: ['assurance.reported'] },
  { route: 'POST /v1/containments', as: 'officer1', command: () => ['contain'], writes: ['containment.reported'] },
  { route: 'POST /v1/incidents', as: 'auditor', command: () => ['incident', 'open', '--title', 'a leak', '--from', '1', ...reason], writes: ['incident.opened'], remember: (answer, told) => (told['incident'] = answer['incident'] ?? '') },
  { route: 'POST /v1/incidents/{incident}/notes', as: 'officer1', command: ({ incident }) => ['incident', 'note', incident ?? '', '--text', 'it was seen', '--about', '1'], writes: ['incident.noted'] },
  { route: 'POST /v1/incidents/{incident}/closure', as: 'officer1', command: ({ incident }) => ['incident', 'close', incident ?? '', '--decision', 'nothing more is needed'], writes: ['incident.closed'] },
  { route: 'POST /v1/acts', as: 'officer1', command: ({ lock }) => ['unlock', '--yes', lock ?? ''], writes: ['act.proposed', 'act.signed'], remember: (answer, told) => (told['act'] = answer['act'] ?? '') },
  { route: 'POST /v1/acts/{act}/signatures', as: 'officer2', command: ({ act }) => ['act', 'sign', '--yes', act ?? ''], writes: ['act.signed'] },
  { route: 'POST /v1/programme/pause', as: 'officer1', command: () => ['programme', 'pause', ...reason], writes: ['programme.paused'] },
  { route: 'POST /v1/acts', as: 'officer1', command: () => ['retention', 'set', '--yes', 'url=365', ...reason], writes: ['act.proposed', 'act.signed'] },
  { route: 'POST /v1/retention/sweeps', as: 'officer1', command: () => ['retention', 'sweep', '--yes'], writes: [] },
  { route: 'POST /v1/subjects/{subject}/erasure', as: 'officer1', command: () => ['erase', '--yes', 'anna'], writes: ['subject.erased', 'key.destroyed'] },
]; // prettier-ignore

/** They ask with a body, and write nothing but the question itself; that a new subject is registered is the service's own doing. */
const asking = [
  'POST /v1/policy/preview',
  'POST /v1/history/exposure',
  'POST /v1/history/replay',
  'POST /v1/subjects/{subject}/key',
];

let service: ServiceProcess;
let folder: string;
let trusted: Parameters<typeof verifyReceipt>[1];
beforeAll(async () => {
  service = await ServiceProcess.start();
  folder = await mkdtemp(join(tmpdir(), 'custos-receipts-'));
  const { log } = JSON.parse(await readFile(filesOf(service.data).trust, 'utf8')) as { log: string };
  trusted = { origin: devOrigin, verifiers: [parseVerifierKey(log)] };
});
afterAll(async () => {
  await service.remove();
  await rm(folder, { recursive: true });
});

it('every route that writes is tried here', async () => {
  const matrix = await readFile(join(process.cwd(), 'test/route-access.txt'), 'utf8');
  const writing = [...matrix.matchAll(/^(?:POST|PUT) +(?=\S)\S+/gm)].map(([line]) => line.replace(/ +/, ' '));
  const tried = [...steps.map(({ route }) => route), ...asking];
  expect([...new Set(tried)].sort()).toEqual(writing.sort());
});

it('every write is answered with a receipt for each of its entries', async () => {
  const told: Told = {};
  for (const [index, { as, command, writes, route, remember }] of steps.entries()) {
    const dir = join(folder, String(index));
    const { code, stdout } = await service.custos('--as', as, '--json', ...command(told), '--receipts', dir);
    expect({ route, code, ...(code === 0 ? {} : { stdout }) }).toEqual({ route, code: 0 });
    const answer = JSON.parse(stdout) as Record<string, string>;
    expect(answer).not.toHaveProperty('receipts');
    remember?.(answer, told);
    const names = (await readdir(dir)).sort((a, b) => parseInt(a) - parseInt(b));
    const verified = await Promise.all(
      names.map(async (name) => verifyReceipt(await readFile(join(dir, name), 'utf8'), trusted)),
    );
    const entries = verified.map((one) => (one.kind === 'verified' ? one.entry : undefined));
    expect({ route, types: entries.map((entry) => entry?.type) }).toEqual({ route, types: writes });
    expect(names).toEqual(entries.map((entry) => `${entry?.position}.tlog-proof`));
  }
}, 300_000);

it('a receipt verifies on the command line with the log key alone, and not with one bit flipped', async () => {
  const file = join(folder, '0', (await readdir(join(folder, '0')))[0] ?? '');
  const { log } = JSON.parse(await readFile(filesOf(service.data).trust, 'utf8')) as { log: string };
  const nowhere = ['--data', join(folder, 'none'), '--json', 'verify'];
  const { code, stdout } = await service.custos(...nowhere, file, '--log-key', log);
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({
    ...{ code: 0, ok: true, problems: [] },
    ...{ type: 'consent.changed', actor: 'subject:anna' },
  });
  const text = await readFile(file, 'utf8');
  await writeFile(`${file}.forged`, text.replace(/^(extra .{80})(.)/m, (_all, kept, digit) => `${kept}${digit === 'A' ? 'B' : 'A'}`)); // prettier-ignore
  expect((await service.custos(...nowhere, `${file}.forged`, '--log-key', log)).code).toBe(1);
});

it('the same command again is answered with the same receipts, byte for byte', async () => {
  const put = () =>
    service.ask('subject:ben', 'PUT', '/v1/subjects/ben/consent', { consent: 'refused' }, { 'idempotency-key': 'again-and-again' }); // prettier-ignore
  const first = await put();
  await service.ask('subject:ben', 'PUT', '/v1/subjects/ben/consent', { consent: 'given' });
  expect((await put()).json).toEqual(first.json);
  expect(first.json.receipts).toHaveLength(1);
});

it('who was refused gets the receipt of the refusal, and others do not', async () => {
  const grant = '00000000-0000-4000-8000-000000000000';
  const { json } = await service.ask('researcher', 'POST', `/v1/grants/${grant}/disclosures`, { session: 'r1' });
  expect(json).toMatchObject({ code: 'disclosure_denied', position: expect.any(Number) });
  const proof = await service.custos(
    '--as',
    'researcher',
    '--json',
    'log',
    'proof',
    String(json.position),
    '--receipt',
  );
  const plain = await service.custos('--as', 'researcher', 'log', 'proof', String(json.position), '--receipt');
  expect(plain.stdout).toBe(JSON.parse(proof.stdout).receipt);
  expect(verifyReceipt(plain.stdout, trusted)).toMatchObject({
    entry: { type: 'disclosure.refused', actor: 'researcher' },
  });
  const others = await service.custos(
    '--as',
    'researcher2',
    '--json',
    'log',
    'proof',
    String(json.position),
    '--receipt',
  );
  expect({ code: others.code, problem: JSON.parse(others.stdout).code }).toEqual({ code: 1, problem: 'role_missing' });
});

describe('nothing is sent', () => {
  it('if the receipts could not be kept', async () => {
    const before = (await service.ask('source', 'GET', '/v1/log/checkpoint')).text;
    const { code } = await service.custos('--as', 'subject:ben', 'consent', 'refuse', '--receipts', '/dev/null/here');
    expect({ code, after: (await service.ask('source', 'GET', '/v1/log/checkpoint')).text }).toEqual({
      code: 2,
      after: before,
    });
  });
});
