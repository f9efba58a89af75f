import { Option, type Command } from 'commander';
import { formatNames, formatOf, type FormatName } from '../capture/formats/formats.js';
import { headBytes } from '../capture/formats/head.js';
import { recognise } from '../capture/formats/recognise.js';
import { globals, withReceipts, type Globals } from './globals.js';
import { listing, printResult } from './output.js';
import { progressBar } from './progress-bar.js';
import { wrongUse } from './refusal.js';

interface IngestOptions {
  readonly format: string;
  readonly subject: string;
  readonly session: string;
  readonly startedAt?: string;
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
    .addHelpText(
      'after',
      () => `
Formats: ${formatNames.join(', ')}.

Examples:
  $ custos --as source ingest walk.json --subject anna --session walk-1
  $ custos --as source ingest demo.cast.gz --format asciicast --subject anna --session shell-1

Broken off, run it again: what is stored already counts as duplicate.`,
    )
    .action(async (file: string, options: IngestOptions, command: Command) => ingest(file, options, globals(command)));
}

async function ingest(file: string, options: IngestOptions, all: Globals): Promise<void> {
  const [{ openRecording }, { beginningOf, cutRecording }, { sendRecords }, { parseTime }, { connect }] =
    await Promise.all([
      import('./recording-file.js'),
      import('./cut-recording.js'),
      import('./send-records.js'),
      import('./arguments.js'),
      import('./globals.js'),
    ]);
  const recording = await openRecording(file);
  const name = options.format === 'auto' ? recognised(await beginningOf(recording, headBytes)) : options.format;
  const startedAt =
    options.startedAt === undefined ? recording.changedAt : parseTime('--started-at', options.startedAt);
  const records = await cutRecording(recording, formatOf(name), startedAt);
  const { session, subject } = options;
  const progress = await progressBar(records.count, 'records', all);
  try {
    const sums = await sendRecords(await connect(all), { session, subject, format: name }, records, (sent) =>
      progress?.update(sent),
    );
    progress?.stop();
    await printResult(all.json, sums, () => listing(Object.entries(sums)));
  } finally {
    progress?.stop();
  }
}

function recognised(beginning: Uint8Array): FormatName {
  const name = recognise(beginning);
  if (name === undefined) throw wrongUse('--format', `not told by the file: name one of ${formatNames.join(', ')}`);
  return name;
}
