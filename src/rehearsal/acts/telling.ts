import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { searchText } from '../../demo/canary-search.js';
import { claimFound, claimSame, claimSameList } from '../../demo/claim.js';
import type { Stage } from '../../demo/stage.js';
import type { ExposureRow } from '../../history/exposure-rows.js';
import { packArchive, unpackArchive } from '../../history/bundle/archive.js';
import { readingsIn, readingsOf, type Done } from './looking-back.js';

interface Told {
  readonly bytes: number;
  readonly entries: number;
  readonly size: number;
}

/** For whoever asks afterwards, and does not have to believe anybody. */
export async function telling({ step, custos, scratch }: Stage, done: Done, mark: string): Promise<Told> {
  const [file, again, forged] = ['incident', 'again', 'forged'].map((name) => join(scratch, `${name}.zip`)) as [string, string, string]; // prettier-ignore
  const bundle = ['history', 'bundle', '--incident', done.found.incident, '--purpose', 'for the authority', '--out'];
  const told = await step('The auditor makes one file of it', async () => {
    const made = await custos.done<Told>('auditor', ...bundle, file);
    await custos.done('auditor', ...bundle, again);
    const [one, other] = await Promise.all([readFile(file), readFile(again)]);
    claimSame(one.equals(other), true, 'the same bytes when it is asked again');
    claimSame(searchText(one.toString('latin1'), mark), [], 'what was captured, in the bundle');
    return [`${made.entries} of ${made.size} entries, ${made.bytes} bytes, the same ones each time; nothing that was captured`, made]; // prettier-ignore
  });

  await step('Whoever has the log’s public key verifies it, offline', async () => {
    const verdict = await custos.done<{ ok: boolean; about: { logKey: string } }>(undefined, 'verify', file);
    await custos.done(undefined, 'verify', file, '--log-key', verdict.about.logKey);
    const files = claimFound(unpackArchive(await readFile(file)), 'its files');
    const report = claimFound(files.find(({ name }) => name === 'exposure.json'), 'the report in it'); // prettier-ignore
    const { rows } = JSON.parse(Buffer.from(report.bytes).toString()) as { rows: ExposureRow[] };
    claimSameList(readingsIn(rows), readingsOf(done), 'who read what, in the bundle');
    const milder = Buffer.from(Buffer.from(report.bytes).toString().replace('"delivered"', '"failed"'));
    await writeFile(forged, packArchive(files.map((one) => (one === report ? { ...one, bytes: milder } : one))));
    const { exitCode, stdout } = await custos.run(undefined, 'verify', forged);
    const { problems } = JSON.parse(stdout) as { problems: { check: string }[] };
    claimSame([exitCode, problems.map(({ check }) => check)], [1, ['exposure_differs']], 'a milder report');
    return ['verified: its reports were made again and are the same; with one word changed they are not', undefined];
  });
  return told;
}
