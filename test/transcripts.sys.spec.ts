import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { headOf } from '../src/capture/formats/head.js';
import { formatNames, formatOf } from '../src/capture/formats/formats.js';
import { olderTrace } from '../src/capture/formats/sample-traces.spec.js';
import { claudeSession, codexSession } from '../src/capture/formats/sample-transcripts.spec.js';
import { ServiceProcess } from './service-process.js';

/** What a source sends of each format comes back through the real service and command line, whole or masked. */
const trajectory = Buffer.from(
  JSON.stringify({
    environment: 'swe_main',
    trajectory: [{ action: 'ls', observation: 'total.ts', response: 'Start at zero.', thought: 'hm', state: {} }],
    history: [{ role: 'user', content: 'Why is the total off?', agent: 'primary' }],
    info: { exit_status: 'submitted', model_stats: { api_calls: 1 } },
  }),
);
const answers = ['kind', 'time', 'response'];
const everything = [...answers, 'prompt', 'reasoning', 'tool.input', 'tool.output', 'other'];

let service: ServiceProcess;
beforeAll(async () => {
  service = await ServiceProcess.start();
});
afterAll(() => service.remove());

async function told<T>(as: string, ...args: readonly string[]): Promise<T> {
  const { code, stdout } = await service.custos('--as', as, '--json', ...args);
  expect({ code, stdout }).toMatchObject({ code: 0 });
  return JSON.parse(stdout) as T;
}

async function granted(session: string, fields: readonly string[]): Promise<string> {
  const { request, needed } = await told<{ request: string; needed: number }>(
    ...(['researcher', 'request', 'create', '--session', session] as const),
    ...fields.flatMap((field) => ['--field', field]),
    ...['--purpose', 'To see that it comes back', '--records', '1000', '--disclosures', '5', '--for', '1h'],
  );
  let grant: string | undefined;
  for (let signer = 1; signer <= needed; signer += 1) {
    ({ grant } = await told<{ grant?: string }>(`approver${signer}`, 'approve', request, '--yes'));
  }
  return grant as string;
}

describe.each<[string, Uint8Array]>([
  ['swe-agent', trajectory],
  ['claude-code', claudeSession],
  ['codex', codexSession],
  ['otlp', olderTrace],
])('%s', (format, recording) => {
  const session = `a-${format}`;
  const read = async (fields: readonly string[]) => {
    const to = join(service.folder, `${session}.${fields.length}`);
    await told('researcher', 'read', await granted(session, fields), '--session', session, '--recording', to);
    return readFile(to);
  };

  it('is stored, with a format that was told or one that was recognised, once', async () => {
    const path = join(service.folder, session);
    await writeFile(path, recording);
    const about = ['--subject', 'anna', '--session', session, '--started-at', '2026-01-05T09:00:00Z'];
    const first = await told('source', 'ingest', path, '--format', format, ...about);
    const again = await told('source', 'ingest', path, ...about);
    const records = formatOf(format).cut(recording, 0).length;
    expect([first, again]).toMatchObject([
      { accepted: records, rejected: 0 },
      { accepted: 0, duplicate: records },
    ]);
  });

  it('comes back to the letter, if all of it was granted', async () =>
    expect((await read(everything)).toString()).toBe(Buffer.from(recording).toString()));

  it('comes back as a recording of its format that holds what was granted, and no more', async () => {
    const masked = await read(answers);
    expect(formatNames.filter((name) => formatOf(name).recognise(headOf(masked)))).toEqual([format]);
    const text = masked.toString();
    expect(text).toMatch(/Start at zero|It is the balance/);
    expect(text).not.toMatch(/annas-laptop|home\/anna|swe_main|off by one|total\.ts|What is a Saldo|look_up/);
  });
});
