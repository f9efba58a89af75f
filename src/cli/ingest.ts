import { Option, type Command } from 'commander';
import { formatNames, type FormatName } from '../capture/formats/formats.js';
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
    .argument('<file>', 'the recording, - for standard input; gzip is unpacked')
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
  $ gunzip -c demo.cast.gz | custos --as source ingest - --format asciicast --subject anna --session shell-1`,
    )
    .action(async (file: string, options: IngestOptions, command: Command) => ingest(file, options, globals(command)));
}

async function ingest(file: string, options: IngestOptions, all: Globals): Promise<void> {
  const [{ readRecordingFile }, { sendRecords }, { parseTime }, { formatOf }, { recognise }, { connect }] =
    await Promise.all([
      import('./recording-file.js'),
      import('./send-records.js'),
      import('./arguments.js'),
      import('../capture/formats/formats.js'),
      import('../capture/formats/recognise.js'),
      import('./globals.js'),
    ]);
  const { bytes, changedAt } = await readRecordingFile(file);
  const name = options.format === 'auto' ? recognised(recognise(bytes)) : options.format;
  const format = formatOf(name);
  const startedAt = options.startedAt === undefined ? changedAt : parseTime('--started-at', options.startedAt);
  const records = format.cut(bytes, startedAt);
  const { session, subject } = options;
  const progress = await progressBar(records.length, 'records', all);
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

function recognised(name: FormatName | undefined): FormatName {
  if (name === undefined) throw wrongUse('--format', `not told by the file: name one of ${formatNames.join(', ')}`);
  return name;
}
