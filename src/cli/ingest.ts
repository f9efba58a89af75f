import { Option, type Command } from 'commander';
import { formatNames, formatOf, type FormatName } from '../capture/formats/formats.js';
import { headBytes } from '../capture/formats/head.js';
import { recognise } from '../capture/formats/recognise.js';
import type { Client } from './client.js';
import { globals, withReceipts, type Globals } from './globals.js';
import { listing, printResult } from './output.js';
import { progressBar } from './progress-bar.js';
import { passphraseOption } from './passphrase.js';
import { wrongUse } from './refusal.js';
import type { About, Send } from './send-records.js';

interface IngestOptions {
  readonly format: string;
  readonly subject: string;
  readonly session: string;
  readonly startedAt?: string;
  readonly sealAtSource?: boolean;
  readonly key?: string;
  readonly passphraseFile?: string;
}

export function register(program: Command): void {
  withReceipts(program.command('ingest'))
    .description('send a recording to the vault; sent again, nothing is stored twice')
    .argument('<file>', 'the recording, - for standard input; gzip, zstd and .br are unpacked')
    .addOption(
      new Option('--format <format>', 'how the recording is written; auto tells it by its beginning').default('auto'),
    )
    .requiredOption('--subject <id>', 'the pseudonym of the person recorded; never a name')
    .requiredOption('--session <id>', 'id of the session')
    .option('--started-at <time>', 'when it began, for formats without a date (default: the time of the file)')
    .option('--seal-at-source', 'seal here, so that the service never has a record that can be read')
    .option(
      '--key <file>',
      'with --seal-at-source: the key of the source (default: the one of --as in the data folder)',
    )
    .option(...passphraseOption)
    .addHelpText(
      'after',
      () => `
Formats: ${formatNames.join(', ')}.

Examples:
  $ custos --as source ingest walk.json --subject anna --session walk-1
  $ custos --as source ingest demo.cast.gz --format asciicast --subject anna --session shell-1
  $ custos ingest walk.json --subject anna --session walk-2 --seal-at-source --key recorder.key.json

Broken off, run it again: what is stored already counts as duplicate.`,
    )
    .action(async (file: string, options: IngestOptions, command: Command) => ingest(file, options, globals(command)));
}

async function ingest(file: string, options: IngestOptions, all: Globals): Promise<void> {
  const [{ openRecording }, { beginningOf, cutRecording }, { sendPlain, sendRecords }, { parseTime }, { connect }] =
    await Promise.all([
      import('./recording-file.js'),
      import('./cut-recording.js'),
      import('./send-records.js'),
      import('./arguments.js'),
      import('./globals.js'),
    ]);
  if (options.key !== undefined && options.sealAtSource !== true) throw wrongUse('--key', 'only with --seal-at-source');
  const recording = await openRecording(file);
  const name = options.format === 'auto' ? recognised(await beginningOf(recording, headBytes)) : options.format;
  const startedAt =
    options.startedAt === undefined ? recording.changedAt : parseTime('--started-at', options.startedAt);
  const records = await cutRecording(recording, formatOf(name), startedAt);
  const about = { session: options.session, subject: options.subject, format: name };
  const client = await connect(all);
  const send = options.sealAtSource === true ? await sealing(client, about, options, all) : sendPlain(client, about);
  const progress = await progressBar(records.count, 'records', all);
  try {
    const sums = await sendRecords(about.session, records, send, (sent) => progress?.update(sent));
    progress?.stop();
    await printResult(all.json, sums, () => listing(Object.entries(sums)));
  } finally {
    progress?.stop();
  }
}

async function sealing(client: Client, about: About, options: IngestOptions, all: Globals): Promise<Send> {
  const [{ sendSealed }, { signingKey }, { loadTrust }, { trustFilePath }] = await Promise.all([
    import('./send-sealed.js'),
    import('./signer.js'),
    import('../identity/trust.js'),
    import('./globals.js'),
  ]);
  const trust = await loadTrust(trustFilePath(all.data));
  return sendSealed(client, about, { key: await signingKey(options, all), trust });
}

function recognised(beginning: Uint8Array): FormatName {
  const name = recognise(beginning);
  if (name === undefined) throw wrongUse('--format', `not told by the file: name one of ${formatNames.join(', ')}`);
  return name;
}
