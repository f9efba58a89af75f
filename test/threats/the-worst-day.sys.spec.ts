import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceProcess } from '../service-process.js';

/** docs/operating/incident.md as it is typed: something was open, is closed, is proven closed, and things go on. */
let service: ServiceProcess;
beforeAll(async () => void (service = await ServiceProcess.start()));
afterAll(() => service.remove());

async function as(who: string, ...args: string[]) {
  const { code, stdout } = await service.custos('--as', who, '--json', ...args);
  return { code, json: JSON.parse(stdout) };
}
const reason = ['--reason', 'prompts were open to everyone'];
const create = ['request', 'create', '--session', 'chat', '--field', 'prompt', '--purpose', 'to see what went wrong', '--records', '900', '--disclosures', '5', '--for', '1h']; // prettier-ignore

it('what is open is named, locked, proven closed, reviewed, and only then the programme goes on', async () => {
  const { json: ingested } = await as('source', 'ingest', 'examples/assistant.messages.json', '--format', 'messages', '--subject', 'anna', '--session', 'chat'); // prettier-ignore
  expect(ingested.accepted).toBeGreaterThan(0);
  const { request: grant } = (await as('researcher', ...create)).json;
  for (const who of ['approver1', 'approver2', 'approver3']) await as(who, 'approve', grant, '--yes');

  await as('officer1', 'programme', 'pause', ...reason);
  const { json: opened } = await as('officer1', 'incident', 'open', '--title', 'Prompts open to everyone', '--from', '1', ...reason); // prettier-ignore
  expect(await as('researcher', 'incident', 'show', opened.incident)).toMatchObject({ json: { code: 'role_missing' } });
  const open = await as('officer1', 'contain', '--field', 'prompt');
  expect(open).toMatchObject({ code: 1, json: { contained: false, probed: 1, open: 1 } });
  expect(open.json.named).toMatchObject([{ person: 'researcher', subject: 'anna', grant, service: true, keyholder: true }]); // prettier-ignore
  expect(await as('officer1', 'contain', '--since', '7d', '--lock')).toMatchObject({ code: 0, json: { contained: true, open: 0 } }); // prettier-ignore
  expect(await as('researcher', 'read', grant)).toMatchObject({ code: 1, json: { rules: ['locked'] } });
  for (const who of ['researcher', 'auditor']) {
    expect(await as(who, 'contain')).toMatchObject({ code: 1, json: { code: 'role_missing' } });
  }

  // What cannot wait: one officer, a little, told to the subject.
  const { json: glass } = await as('officer1', 'break-glass', '--session', 'chat', '--field', 'kind', ...reason, '--yes'); // prettier-ignore
  expect(glass).toMatchObject({ enforced: true, needed: 1 });
  const read = await service.custos('--as', 'officer1', '--json', 'read', glass.act, '--session', 'chat');
  expect({ code: read.code, lines: read.stdout.trim().split('\n').length }).toEqual({ code: 0, lines: ingested.accepted }); // prettier-ignore
  const { json: ledger } = await as('subject:anna', 'history', 'ledger', 'anna');
  expect(ledger.entries).toContainEqual(expect.objectContaining({ kind: 'break-glass', person: 'officer1' }));
  const told = await Promise.all(['subject:anna', 'officer3'].map((who) => as(who, 'notices')));
  for (const { json } of told)
    expect(json.notices).toContainEqual(expect.objectContaining({ kind: 'break-glass', person: 'officer1' }));

  const red = await as('officer1', 'programme', 'resume', '--yes');
  expect({ code: red.code, wrong: wrongIn(red.json) }).toEqual({ code: 1, wrong: ['break_glass_reviewed'] });
  await as('officer2', 'review', glass.act, '--finding', 'it was needed, and no more was read', '--yes');
  expect(await as('officer1', 'review', glass.act, '--yes')).toMatchObject({ code: 1, json: { rules: ['reviewer_broke_glass'] } }); // prettier-ignore
  expect(await as('officer3', 'review', glass.act, '--yes')).toMatchObject({ code: 0, json: { enforced: true } });

  expect(await as('auditor', 'assurance')).toMatchObject({ code: 0, json: { ok: true } });
  const { json: resumed } = await as('officer1', 'programme', 'resume', '--yes');
  expect(resumed).toMatchObject({ signatures: 1, needed: 2, enforced: false });
  expect((await as('officer2', 'act', 'sign', resumed.act, '--yes')).json).toMatchObject({ enforced: true });
  expect((await as('auditor', 'programme', 'status')).json).toMatchObject({ status: 'capturing' });

  const about = ['--kind', 'finding', '--text', 'one grant was open', '--about', String(open.json.position)];
  await as('officer2', 'incident', 'note', opened.incident, ...about);
  await as('auditor', 'incident', 'close', opened.incident, '--decision', 'everybody concerned is told');
  expect(await as('auditor', 'incident', 'note', opened.incident, ...about)).toMatchObject({ json: { code: 'incident_closed' } }); // prettier-ignore
  expect((await as('officer3', 'incident', 'show', opened.incident)).json).toMatchObject({
    ...{ title: 'Prompts open to everyone', from: 1, by: 'officer1', closed: { by: 'auditor' } },
    notes: [{ kind: 'finding', about: [open.json.position], by: 'officer2' }],
  });

  const [file, forged] = ['incident.zip', 'forged.zip'].map((name) => join(service.folder, name)) as [string, string];
  const bundle = ['history', 'bundle', '--incident', opened.incident, '--purpose', 'for the authority'];
  expect(await as('officer1', ...bundle, '--out', file)).toMatchObject({ json: { code: 'role_missing' } });
  expect(await as('auditor', ...bundle, '--out', file)).toMatchObject({ code: 0, json: { completeFrom: 0, findings: [] } }); // prettier-ignore
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await as('auditor', ...bundle, '--out', file)).toMatchObject({ code: 2 });
  expect((await as('officer1', 'history', 'readers')).json.readers.at(-1).asked).toMatchObject({
    ...{ question: 'bundle', incident: opened.incident, purpose: 'for the authority' },
  });
  const verify = async (path: string, ...args: string[]) => {
    const { code, stdout } = await service.custos('--data', join(service.folder, 'none'), '--json', 'verify', path, ...args); // prettier-ignore
    return { code, json: JSON.parse(stdout) };
  };
  const { json: alone } = await verify(file);
  expect(alone).toMatchObject({ ok: true, keyFrom: 'bundle', about: { incident: opened.incident } });
  expect(await verify(file, '--log-key', alone.about.logKey)).toMatchObject({ code: 0, json: { keyFrom: 'option' } });
  await writeFile(forged, (await readFile(file)).fill(0x78, 2000, 2001));
  expect(await verify(forged)).toMatchObject({ code: 1, json: { ok: false, problems: [{ position: 0 }] } });
}, 300_000);

const wrongIn = ({ items }: { items: { item: string; ok: boolean }[] }) =>
  items.filter(({ ok }) => !ok).map(({ item }) => item);
