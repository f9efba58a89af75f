import { open, readFile, stat, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { BundleVerdict } from '../history/bundle/verify-bundle.js';
import type { Trust } from '../identity/trust.js';
import { parseCount, segment, why, type Why } from './arguments.js';
import { connect, globals, trustFilePath } from './globals.js';
import { listing, printResult, say, visible } from './output.js';
import { notVerified, wrongUse } from './refusal.js';

interface Options extends Why {
  readonly incident: string;
  readonly out: string;
  readonly size?: string;
  readonly wholeLog?: true;
}

export function registerBundle(history: Command): void {
  history
    .command('bundle')
    .description('everything that the reports of an incident follow from, in one archive that anybody verifies offline')
    .requiredOption('--incident <id>', 'id of the incident')
    .requiredOption('--out <file>', 'the archive; it must not be there yet')
    .option('--size <entries>', 'of the first so many entries (default: up to its closing; if it is open, all)')
    .option('--whole-log', 'every entry from the first one on, so that nothing before the incident must be believed')
    .option(...why)
    .addHelpText(
      'after',
      `
It has the clear headers of entries, proofs, the policies and the reports, and nothing that was captured. The same incident
and size give the same bytes. The service gives what it is made of; that is verified with the trust file, and the reports
are made here.

Example:
  $ custos --as auditor history bundle --incident 6a4d… --out incident.zip
  $ custos verify incident.zip`,
    )
    .action(async ({ incident, out, size, wholeLog, purpose }: Options, command: Command) => {
      const all = globals(command);
      const query = {
        purpose,
        size: size === undefined ? undefined : parseCount('--size', size),
        wholeLog: wholeLog === true ? 'true' : undefined,
      };
      const material = await (await connect(all)).getBytes(`/v1/incidents/${segment(incident)}/bundle`, query);
      const [{ loadTrust }, { completeBundle }] = await Promise.all([
        import('../identity/trust.js'),
        import('../history/bundle/verify-bundle.js'),
      ]);
      const trust = await loadTrust(trustFilePath(all.data));
      const { verdict, bundle } = completeBundle(material, { trust }, await emptyState());
      const [problem] = verdict.problems;
      if (problem !== undefined || bundle === undefined)
        throw notVerified(problem?.position ?? 0, problem?.check ?? '');
      if (verdict.about?.incident !== incident) throw notVerified(0, 'incident_differs');
      await writeFile(out, bundle, { mode: 0o600, flag: 'wx' }).catch(() => {
        throw wrongUse('--out', 'a new file in a place that can be written');
      });
      const { about, entries, findings } = verdict;
      await printResult(all.json, { ...about, entries, bytes: bundle.length, findings }, () =>
        listing([...rows(verdict), ['bytes', bundle.length]]),
      );
    });
}

interface OwnKey {
  readonly logKey: string | undefined;
  readonly trustFile: string;
  /** By whoever asks: not just the one that the data folder would have. */
  readonly isNamed: boolean;
}

/** Offline. Without a key of the reader's own, the one that the bundle names is shown, to be compared. */
export async function verifyBundleFile(
  file: string,
  { logKey, trustFile, isNamed }: OwnKey,
): Promise<BundleVerdict & { readonly keyFrom: 'trust file' | 'option' | 'bundle' }> {
  const { mostBundleBytes } = await import('../history/bundle/material.js');
  if ((await stat(file)).size > mostBundleBytes) throw wrongUse('FILE', 'at most 512 MB');
  const archive = await readFile(file);
  if (logKey !== undefined) {
    const { namedLogKey } = await import('./receipt.js');
    namedLogKey(logKey);
    return { ...(await verified(archive, { logKey })), keyFrom: 'option' };
  }
  // Where there is none, that is no fault: whoever was handed a bundle need not run a vault. But one that was named, or
  // cannot be read, was meant: without it the bundle would be asked for its own key.
  if (!isNamed && !(await isThere(trustFile))) return { ...(await verified(archive, {})), keyFrom: 'bundle' };
  const { loadTrust } = await import('../identity/trust.js');
  return { ...(await verified(archive, { trust: await loadTrust(trustFile) })), keyFrom: 'trust file' };
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
  );

async function verified(archive: Uint8Array, reader: { logKey?: string; trust?: Trust }): Promise<BundleVerdict> {
  const { verifyBundle } = await import('../history/bundle/verify-bundle.js');
  return verifyBundle(archive, reader, await emptyState());
}

/** What every replay begins with, signatures to be checked. */
async function emptyState() {
  const [{ Governance }, { governanceSlices }, { sodiumReady }] = await Promise.all([
    import('../log/governance.js'),
    import('../governance.js'),
    import('../sealing/sodium.js'),
  ]);
  await sodiumReady();
  return (trust: Trust) => Governance.empty(governanceSlices(trust));
}

/** Whether a file is an archive: a receipt is text. @throws Problem usage */
export async function isArchive(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
      return buffer.toString('latin1') === 'PK\u0003\u0004';
    } finally {
      await file.close();
    }
  } catch {
    throw wrongUse('FILE', 'a file that can be read');
  }
}

export function bundleVerdictText(verdict: Awaited<ReturnType<typeof verifyBundleFile>>): string {
  const { ok, problems, findings, about, keyFrom } = verdict;
  for (const { position, check } of findings) say(`The log itself, position ${position}: ${visible(check)}`);
  if (keyFrom === 'bundle' && about !== undefined) say('No trust file and no --log-key: compare the log key yourself.');
  const told = about === undefined ? [] : [listing(rows(verdict))];
  const wrong = problems.map(({ position, check }) => `${check} (position ${position})`).join(', ');
  const key = keyFrom === 'bundle' ? 'under the key that it names itself' : `under the key of the ${keyFrom}`;
  return [...told, ok ? `Verified ${key}` : `NOT VERIFIED: ${visible(wrong)}`].join('\n');
}

function rows({ about, entries, checkpoints }: BundleVerdict): (readonly [string, unknown])[] {
  if (about === undefined) return [];
  const { origin, logKey, incident, size, completeFrom } = about;
  return [
    ['incident', incident],
    ['log', `${origin}, the first ${size} entries`],
    ['log key', logKey],
    ['entries', `${entries}, every one from position ${completeFrom} on, under ${checkpoints} checkpoints`],
    [
      'rests on',
      completeFrom === 0
        ? 'nothing else: the whole log is in it'
        : `the service for this: no governing entry below ${completeFrom} is left out (only the whole log shows it)`,
    ],
  ];
}
