import { execFileSync, spawnSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceProcess } from './service-process.js';

/** People sign with the keys that they have, from the command line: SSH keys by a real ssh-keygen, and ours. */
let service: ServiceProcess;
const has = spawnSync('ssh-keygen', ['-?']).error === undefined;
beforeAll(async () => {
  service = await ServiceProcess.start();
  await as('source', 'ingest', 'examples/shell.cast', '--format', 'asciicast', '--subject', 'anna', '--session', 'p1');
});
afterAll(() => service.remove());

async function as(who: string, ...args: string[]) {
  const { code, stdout } = await service.custos('--as', who, '--json', ...args);
  return { code, json: JSON.parse(stdout) };
}
const create = ['request', 'create', '--session', 'p1', '--field', 'kind', '--purpose', 'to see whose word counts', '--records', '2000', '--disclosures', '5', '--for', '1h']; // prettier-ignore

(has ? it : it.skip)('an SSH key is enrolled by officers, and approves', async () => {
  const path = join(service.folder, 'id_ed25519');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'a comment', '-f', path]);
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

it('a key that was made here is sealed, signs with its passphrase, and gives way to the next', async () => {
  const [one, two, pass, wrong] = ['one.json', 'two.json', 'pass', 'wrong'].map((name) => join(service.folder, name)) as [string, string, string, string]; // prettier-ignore
  await Promise.all([writeFile(pass, 'correct horse battery\n'), writeFile(wrong, 'correct horse batterie\n')]);
  const made = (path: string, ...how: string[]) => service.custos('--json', 'key', 'new', '--person', 'approver2', '--out', path, ...how); // prettier-ignore
  expect(await made(one)).toMatchObject({ code: 2, stdout: expect.stringContaining('--passphrase-file') });
  const key = JSON.parse((await made(one, '--passphrase-file', pass)).stdout);
  expect(await made(two, '--passphrase-file', pass)).toMatchObject({ code: 0 });

  const { json: enrolled } = await as('officer1', 'key', 'enrol', one, '--for', '20d', '--yes');
  await as('officer2', 'act', 'sign', enrolled.act, '--yes');
  const sign = async (path: string, passphrase: string) => {
    const { json } = await as('researcher', ...create);
    return as('approver2', 'approve', json.request, '--yes', '--key', path, '--passphrase-file', passphrase);
  };
  expect(await sign(one, wrong)).toMatchObject({ code: 1, json: { code: 'passphrase_wrong' } });
  expect(await sign(one, pass)).toMatchObject({ code: 0, json: { approvals: 1 } });
  expect(await sign(two, pass)).toMatchObject({ code: 1, json: { rules: ['key_unknown'] } });

  const { json: rotated } = await as('officer1', 'key', 'rotate', key.keyId, two, '--for', '365d', '--yes');
  expect((await as('officer3', 'act', 'sign', rotated.act, '--yes')).json).toMatchObject({ enforced: true });
  expect(await sign(one, pass)).toMatchObject({ code: 1, json: { rules: ['key_unknown'] } });
  expect(await sign(two, pass)).toMatchObject({ code: 0 });
  expect(await as('officer1', 'key', 'revoke', key.keyId, '--yes')).toMatchObject({ code: 1, json: { code: 'key_refused', rules: ['key_not_enrolled'] } }); // prettier-ignore
});

it('a source sends with a key that officers admitted, may do nothing else, and not once it is revoked', async () => {
  const out = join(service.folder, 'recorder.token');
  const create = ['source', 'new', 'recorder', '--for', '90d', '--out', out, '--yes'];
  const { code, json: proposed } = await as('officer1', ...create);
  expect([code, proposed.needed, proposed.enforced]).toEqual([0, 2, false]);
  const token = (await readFile(out, 'utf8')).trim();
  const ask = (method: string, path: string, body?: object) =>
    fetch(`${service.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const data = { type: 4, data: { href: 'https://example.com', width: 1, height: 1 }, timestamp: 1_767_225_600_000 };
  const send = (first: number) => ask('POST', '/v1/records', { session: 'by-key', subject: 's7', format: 'rrweb', first, records: [{ time: data.timestamp, data }] }); // prettier-ignore
  expect((await send(0)).status).toBe(401);
  await as('officer2', 'act', 'sign', proposed.act, '--yes');
  const sent = await send(0);
  expect([sent.status, ((await sent.json()) as { accepted: number }).accepted]).toEqual([200, 1]);

  for (const path of ['/v1/sessions', '/v1/requests', '/v1/keys', '/v1/ingest-keys', '/v1/acts', '/v1/sessions/by-key'])
    expect([path, (await ask('GET', path)).status]).toEqual([path, 403]);

  const { json: listed } = await as('auditor', 'source', 'ls');
  expect(listed.keys).toEqual([expect.objectContaining({ source: 'recorder', state: 'in_force' })]);
  expect((await as('officer3', 'source', 'revoke', listed.keys[0].keyId, '--yes')).json).toMatchObject({
    enforced: true,
  });
  const refused = await send(1);
  expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'token_invalid' }]);
  expect((await as('auditor', 'source', 'ls')).json.keys).toMatchObject([{ state: 'revoked' }]);
  // The secret is in the one file: not in the log, and not in what the service says of itself.
  expect(service.said).not.toContain(token.split('.')[2]);
  expect((await as('auditor', 'act', 'show', proposed.act)).json.body.mac).toMatch(/^[0-9a-f]{64}$/);
});
