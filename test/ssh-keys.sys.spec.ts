import { execFileSync, spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceProcess } from './service-process.js';

/** People sign with the SSH keys that they have: a real ssh-keygen, from the command line, once through its agent. */
let service: ServiceProcess;
const has = spawnSync('ssh-keygen', ['-?']).error === undefined;
beforeAll(async () => {
  if (has) service = await ServiceProcess.start();
});
afterAll(() => service?.remove());

async function as(who: string, ...args: string[]) {
  const { code, stdout } = await service.custos('--as', who, '--json', ...args);
  return { code, json: JSON.parse(stdout) };
}
const create = ['request', 'create', '--session', 'p1', '--field', 'kind', '--purpose', 'to see whose word counts', '--records', '2000', '--disclosures', '5', '--for', '1h']; // prettier-ignore

(has ? it : it.skip)('an SSH key is enrolled by officers, and approves', async () => {
  const path = join(service.folder, 'id_ed25519');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'a comment', '-f', path]);
  await as('source', 'ingest', 'examples/shell.cast', '--format', 'asciicast', '--subject', 'anna', '--session', 'p1');
  const { json: made } = await as('researcher', ...create);
  const approve = (...key: string[]) => as('approver1', 'approve', made.request, '--yes', ...key);

  expect(await approve('--ssh-key', path)).toMatchObject({ code: 1, json: { code: 'approval_refused', rules: ['key_unknown'] } }); // prettier-ignore

  const enrol = ['key', 'enrol', `${path}.pub`, '--for', '30d', '--yes'];
  expect(await as('officer1', ...enrol)).toMatchObject({ code: 2, json: { issues: [{ path: '--person' }] } });
  const { json: proposed } = await as('officer1', ...enrol, '--person', 'approver1');
  expect(proposed).toMatchObject({ signatures: 1, needed: 2, enforced: false });
  expect((await as('officer2', 'act', 'sign', proposed.act, '--yes')).json).toMatchObject({ enforced: true });
  const { json: shown } = await as('officer1', 'key', 'show', `${path}.pub`, '--person', 'approver1');
  const { json: listed } = await as('officer1', 'key', 'ls');
  expect(listed.keys).toContainEqual(expect.objectContaining({ ...shown, from: 'enrolment', state: 'in_force' }));

  expect(await approve('--ssh-key', path)).toMatchObject({ code: 0, json: { approvals: 1, grant: null } });
  // A second key is no second person.
  expect(await approve()).toMatchObject({ code: 1, json: { rules: ['already_approved'] } });
  expect(await as('approver2', 'approve', made.request, '--yes')).toMatchObject({ code: 0, json: { approvals: 2 } });
  expect((await as('auditor', 'verify')).json).toMatchObject({ ok: true });

  const { json: other } = await as('researcher', ...create);
  await withAgent(path, async () => {
    await rm(path);
    expect(await as('approver1', 'approve', other.request, '--yes', '--ssh-key', `${path}.pub`)).toMatchObject({ code: 0, json: { approvals: 1 } }); // prettier-ignore
  });
  expect(await as('approver1', 'approve', other.request, '--yes', '--ssh-key', `${path}.pub`)).toMatchObject({ code: 2, json: { issues: [{ path: '--ssh-key', rule: 'ssh-keygen did not sign' }] } }); // prettier-ignore
});

/** With the key in an agent of its own, which the commands find as they find anybody's. */
async function withAgent(key: string, use: () => Promise<void>): Promise<void> {
  const said = execFileSync('ssh-agent', ['-s']).toString();
  const [, socket = ''] = /SSH_AUTH_SOCK=([^;]+)/.exec(said) ?? [];
  const [, pid = ''] = /SSH_AGENT_PID=(\d+)/.exec(said) ?? [];
  process.env['SSH_AUTH_SOCK'] = socket;
  try {
    execFileSync('ssh-add', ['-q', key], { stdio: 'ignore', env: { ...process.env } });
    await use();
  } finally {
    delete process.env['SSH_AUTH_SOCK'];
    process.kill(Number(pid));
  }
}
