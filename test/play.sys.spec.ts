import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { restoreTerminal } from '../src/cli/terminal-filter.js';
import { ServiceProcess } from './service-process.js';

/** `custos play` as it is typed: a reading like any, of which nothing is shown that was not granted. */
let service: ServiceProcess;
let grant: string;
beforeAll(async () => {
  service = await ServiceProcess.start();
  await as('source', 'ingest', 'examples/shell.cast', '--format', 'asciicast', '--subject', 'anna', '--session', 'shell'); // prettier-ignore
  const created = await as('researcher', 'request', 'create', '--session', 'shell', '--field', 'screen.text', '--purpose', 'to see what was shown', '--records', '9000', '--disclosures', '5', '--for', '1h'); // prettier-ignore
  grant = JSON.parse(created.stdout).request;
  for (const who of ['approver1', 'approver2', 'approver3']) await as(who, 'approve', grant, '--yes');
}, 120_000);
afterAll(() => service.remove());

const as = (who: string, ...args: string[]) => service.custos('--as', who, '--json', ...args);
/** Planted in what was shown, and in what was only typed. */
const [shown, typed] = ['canary-837fe046b890', 'canary-9ad307c281f5'];

it('a terminal is played, without what was not granted, and the terminal is as it was', async () => {
  const quickly = ['--speed', '100000', '--idle', '0.01'];
  const { code, stdout, stderr } = await service.custos('--as', 'researcher', 'play', grant, ...quickly);
  expect({ code, stderr: stderr.trim() }).toEqual({ code: 0, stderr: 'shell: played, as far as it was granted' });
  expect({ shown: stdout.includes(shown), typed: stdout.includes(typed) }).toEqual({ shown: true, typed: false });
  expect(stdout.endsWith(restoreTerminal)).toBe(true);
}, 60_000);

it('a page is for its reader alone, and holds what was granted', async () => {
  const page = join(service.folder, 'shell.html');
  expect(JSON.parse((await as('researcher', 'play', grant, '--html', page)).stdout)).toMatchObject({ file: page });
  const html = await readFile(page, 'utf8');
  expect({ shown: html.includes(shown), typed: html.includes(typed) }).toEqual({ shown: true, typed: false });
  expect((await stat(page)).mode & 0o777).toBe(0o600);
  const read = join(service.folder, 'read.html');
  expect((await as('researcher', 'read', grant, '--html', read)).code).toBe(0);
  expect(await readFile(read, 'utf8')).toBe(html);
}, 60_000);

it('a subject plays their own, all of it', async () => {
  const page = join(service.folder, 'own.html');
  expect((await as('subject:anna', 'copy', '--session', 'shell', '--html', page)).code).toBe(0);
  const html = await readFile(page, 'utf8');
  expect({ shown: html.includes(shown), mode: (await stat(page)).mode & 0o777 }).toEqual({ shown: true, mode: 0o600 });
}, 60_000);

it('each was a disclosure, and who has no grant sees nothing', async () => {
  const entries = (await service.ask('auditor', 'GET', '/v1/log/entries?limit=10000')).text.trim().split('\n');
  const releases = entries.map((line) => JSON.parse(line)).filter(({ type, actor }) => type === 'disclosure.made' && actor === 'researcher'); // prettier-ignore
  expect(releases.map(({ actor, data }) => [actor, data.fields])).toEqual(Array(3).fill(['researcher', ['screen.text']])); // prettier-ignore
  const stranger = await as('researcher2', 'play', grant, '--session', 'shell', '--html', '/dev/null');
  expect({ code: stranger.code, problem: JSON.parse(stranger.stdout).code }).toEqual({ code: 1, problem: 'disclosure_denied' }); // prettier-ignore
}, 60_000);

it.each([
  ['JSON of a terminal', ['--json']],
  ['a speed of nothing', ['--speed', '0']],
  ['no idling at all', ['--idle', 'never']],
])('%s is wrong use', async (_what, args) => {
  expect((await service.custos('--as', 'researcher', 'play', grant, ...args)).code).toBe(2);
});
