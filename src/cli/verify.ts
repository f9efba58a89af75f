import type { Command } from 'commander';
import { checks } from '../log/checks.js';
import { collect, parseCount } from './arguments.js';
import { globals, trustFilePath, type Globals } from './globals.js';
import { listing, printResult, say, timeText, visible } from './output.js';
import { progressBar } from './progress-bar.js';
import { wrongUse } from './refusal.js';
import { AnsweredNo } from './report-error.js';
import type { Verdict } from './verdict.js';
import type { LiveVerdict } from './verify-log.js';

interface VerifyOptions {
  readonly database?: string;
  readonly logKey?: string;
  readonly since?: string;
  readonly checkpointFile?: string;
  readonly witness?: readonly string[];
  readonly cosignatures?: string;
  readonly witnesses?: string;
}

export function register(program: Command): void {
  program
    .command('verify')
    .description(
      'check the whole log, or a file offline: a receipt, a checkpoint, an incident bundle, or evidence of a witness',
    )
    .argument('[file]', 'what to check offline (default: the whole live log); believes nothing that the service says')
    .option('--database <url>', 'where the log is (default: the database of the data folder)')
    .option('--since <position>', 'look at bodies, tiles, kept answers and checkpoints from there on only')
    .option(
      '--checkpoint-file <path>',
      "the service's memory of the last checkpoint (default: that of the data folder)",
    )
    .option('--log-key <key>', "the log's verifier key, instead of the trust file, for a file")
    .option('--witness <key>', 'verifier key of a witness that must have cosigned; may be repeated', collect)
    .option('--cosignatures <k>', 'how many of these witnesses it takes (default: all)')
    .option('--witnesses <file>', 'ask these witnesses what they hold of the live log (docs/operating/witness.md)')
    .addHelpText(
      'after',
      `
The whole live log: every header is hashed and decoded, the tree is built again from them and held against each
checkpoint ever signed, each stored tile and each index column; each sealed column is hashed; each answer that is kept
for a command is held against the header that names it; each approval, act, disclosure, key and destruction is judged
where it stands. The first bad position is named first. What guards the log inside the database is held against the
migrations: rows that are right for one role may be hidden from another.

With --since the same is true of every header: what was granted long ago decides what is right today, and a state
folded from entries that nobody hashed would be worth nothing. Not looked at are the bodies, tiles, kept answers and
checkpoints below the last checkpoint at or below that position: they are the bulk of the work. If the headers do not
give the root of that checkpoint, all of it is looked at after all, and what was changed is named where it is.

Examples:
  $ custos verify                                the live log of .custos/
  $ custos verify --since 1200000                bodies, answers and checkpoints of what came since
  $ custos verify receipts/42.tlog-proof         offline, with the trust file
  $ custos verify incident.zip                   a bundle, offline: its reports are made again and compared
  $ custos verify 42.tlog-proof --log-key vault.example.org/log+1a2b3c4d+AR…
  $ custos verify 42.tlog-proof --witness witness.example/w1+5e6f7a8b+BN…   cosigned by somebody else as well
  $ custos verify --witnesses witnesses.json     nothing that they have seen is missing from the live log
  $ custos verify fork-1f2e….json                two checkpoints that convict the log`,
    )
    .action(async (file: string | undefined, options: VerifyOptions, command: Command) => {
      const all = globals(command);
      const verdict = file === undefined ? await verifyLive(options, all) : await verifyFile(file, options, all);
      if (!verdict.ok) throw new AnsweredNo();
    });
}

async function verifyLive(options: VerifyOptions, all: Globals): Promise<Verdict> {
  const { database, logKey, since, checkpointFile, witnesses } = options;
  if (logKey !== undefined) throw wrongUse('--log-key', 'with a file only');
  if (options.witness !== undefined)
    throw wrongUse('--witness', 'with a file only; --witnesses asks about the live log');
  const { verifyLiveLog } = await import('./verify-log.js');
  const progress = await liveProgress(all);
  const verdict = await verifyLiveLog({
    data: all.data,
    trustFile: trustFilePath(all.data),
    ...(database === undefined ? {} : { database }),
    checkpointFile: checkpointFile ?? process.env['CUSTOS_CHECKPOINT_FILE'],
    since: since === undefined ? undefined : parseCount('--since', since),
    witnessesFile: witnesses,
    progress: progress.update,
  }).finally(progress.stop);
  await printResult(all.json, verdict, () => verdictText(verdict));
  return verdict;
}

/** The bar begins once it is known how long the log is. */
async function liveProgress(all: Globals) {
  const bar = await progressBar(0, 'entries', all);
  return {
    update: (done: number, total: number) => {
      bar?.setTotal(total);
      bar?.update(done);
    },
    stop: () => bar?.stop(),
  };
}

async function verifyFile(file: string, options: VerifyOptions, { data, json }: Globals): Promise<Verdict> {
  if (options.witnesses !== undefined) throw wrongUse('--witnesses', 'for the live log; name keys with --witness');
  const show = async <T extends Verdict>(verdict: T, textOf: (verdict: T) => string) => {
    await printResult(json, verdict, () => textOf(verdict));
    return verdict;
  };
  const [{ bundleVerdictText, isArchive, verifyBundleFile }, { namedWitnesses }] = await Promise.all([
    import('./bundle.js'),
    import('./required-witnesses.js'),
  ]);
  const required = namedWitnesses(options.witness, options.cosignatures);
  // Asked for and not looked at would read like cosigned.
  const cannotRequire = () => {
    if (required !== undefined) throw wrongUse('--witness', 'with a receipt or a checkpoint only');
  };
  if (await isArchive(file)) {
    cannotRequire();
    const { logKey } = options;
    const isNamed = Boolean(process.env['CUSTOS_TRUST_FILE']);
    return show(await verifyBundleFile(file, { logKey, trustFile: trustFilePath(data), isNamed }), bundleVerdictText);
  }
  const { logKeyOf, readProof, receiptVerdict, receiptVerdictText } = await import('./verify-receipt.js');
  const text = await readProof(file);
  const key = await logKeyOf({ logKey: options.logKey, trustFile: trustFilePath(data) });
  if (text.startsWith('{')) {
    cannotRequire();
    const { evidenceVerdictText, verifyEvidence } = await import('./verify-evidence.js');
    return show(verifyEvidence(text, key), evidenceVerdictText);
  }
  if (text.startsWith(`${key.origin}\n`)) {
    const { checkpointVerdictText, verifyCheckpoint } = await import('./verify-checkpoint.js');
    return show(verifyCheckpoint(text, key, required), checkpointVerdictText);
  }
  return show(receiptVerdict(text, key, required), receiptVerdictText);
}

function verdictText({ ok, problems, witnesses, unguarded, ...of }: LiveVerdict): string {
  for (const { position, check } of problems) say(`position ${position}: ${visible(check)}, ${checks[check]}`);
  const rows = listing([
    ['entries', `${of.entries} headers hashed, decoded and held against their columns`],
    ['tree', `${of.checkpoints} signed checkpoints, ${of.tiles} full tiles`],
    ['bodies', `${of.bodies} sealed columns hashed`],
    ['answers', `${of.commands} kept answers held against the headers that name them`],
    ...(witnesses ?? []).map(({ name, size, at }) => ['witness', `${name} holds ${size} entries, cosigned ${timeText(at)}`] as const), // prettier-ignore
    ...(unguarded === undefined ? [] : [['not guarded', unguarded] as const]),
    ['governance', `${of.approvals} approvals and ${of.disclosures} disclosures judged where they stand`],
  ]);
  const [first] = problems;
  const verdict =
    ok || first === undefined
      ? 'Verified'
      : `NOT VERIFIED: ${problems.length} problems, the first at position ${first.position}: ${checks[first.check]}`;
  return `${rows}\n${verdict}`;
}
