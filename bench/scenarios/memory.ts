import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceProcess } from '../../test/service-process.js';
import { forgetPeak, memoryOf, peakUntil } from '../peak-memory.js';
import { writeRecording, type OnDisk } from '../recording-on-disk.js';
import { scenario, type Bench } from '../scenario.js';

interface Preset {
  readonly megabytes: number;
  readonly formats: readonly OnDisk['format'][];
}

/** What either side may hold beyond what it holds idle. */
const mostMegabytes = 256;
const root = join(import.meta.dirname, '../..');
const program = ['--import', join(root, 'bench/typescript.mjs'), join(root, 'src/cli/main.ts')];

export default scenario<Preset>({
  sentence: 'The most that client and service hold while one large recording goes in, plain and sealed at its source.',
  presets: {
    quick: { megabytes: 32, formats: ['rrweb', 'video'] },
    full: { megabytes: 256, formats: ['rrweb', 'asciicast', 'video'] },
    large: { megabytes: 1024, formats: ['rrweb', 'video'] },
  },
  async run(bench, { megabytes, formats }) {
    const folder = await mkdtemp(join(tmpdir(), 'custos-memory-'));
    try {
      for (const format of formats) {
        const large = await writeRecording(format, join(folder, 'large'), megabytes * 2 ** 20);
        const small = await writeRecording(format, join(folder, 'small'), 1);
        bench.say(`${format}: ${large.records} records in ${megabytes} MB`);
        for (const way of ['plain', 'sealed at its source'] as const) await ingestBoth(bench, { large, small, way, megabytes }); // prettier-ignore
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});

interface Case {
  readonly large: OnDisk;
  readonly small: OnDisk;
  readonly way: 'plain' | 'sealed at its source';
  readonly megabytes: number;
}

/** A service of its own for each, so that none is warm with what another left. */
async function ingestBoth(bench: Bench, { large, small, way, megabytes }: Case): Promise<void> {
  const service = await ServiceProcess.start({ program, logLevel: 'warn' });
  try {
    const { pid } = JSON.parse(await readFile(join(service.data, 'running.json'), 'utf8')) as { pid: number };
    const idleClient = await ingest(service, small, 'small', way);
    const idle = (await memoryOf(pid))?.now ?? 0;
    await forgetPeak(pid);
    const began = performance.now();
    const client = await ingest(service, large, 'large', way);
    const seconds = (performance.now() - began) / 1000;
    const peak = (await memoryOf(pid))?.peak ?? Infinity;

    bench.check('every record is accepted', client.answer.accepted === large.records);
    const shown = await service.ask('auditor', 'GET', '/v1/sessions/large');
    bench.check('the session has as many records', shown.json.records === large.records);
    const above = { client: client.peak - idleClient.peak, service: peak - idle };
    bench.say(`${way}: client ${Math.round(above.client)} MB above ${Math.round(idleClient.peak)}, service ${Math.round(above.service)} MB above ${Math.round(idle)}, ${Math.round(seconds)} s`); // prettier-ignore
    for (const part of ['client', 'service'] as const) {
      bench.check(`the ${part} holds ${mostMegabytes} MB at most above idle`, above[part] <= mostMegabytes);
      const measure = `${large.format}, ${megabytes} MB, ${way}, ${part} above idle`;
      bench.report({ measure, value: Math.round(above[part]), unit: 'MB', against: { name: 'the recording', value: megabytes } }); // prettier-ignore
    }
    bench.report({ measure: `${large.format}, ${megabytes} MB, ${way}`, value: megabytes / seconds, unit: 'MB/s' });
  } finally {
    await service.remove();
  }
}

async function ingest(service: ServiceProcess, { path, format }: OnDisk, session: string, way: Case['way']) {
  const seal = way === 'plain' ? [] : ['--seal-at-source'];
  const about = ['--format', format, '--subject', 's1', '--session', session, ...seal];
  const child = spawn(process.execPath, [...program, '--json', '--as', 'source', 'ingest', path, ...about], {
    env: { ...process.env, CUSTOS_URL: service.url, CUSTOS_DATA: service.data },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const peak = await peakUntil(child.pid as number, ended);
  return { peak, answer: JSON.parse(told) as { accepted: number } };
}
