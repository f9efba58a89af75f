import type { Command } from 'commander';
import { parseCount } from './arguments.js';
import { followLog } from './follow-log.js';
import { connect, globals } from './globals.js';
import { print, printLine, printResult, timeText, visible } from './output.js';
import { refusalOf } from './refusal.js';

const tailEntries = 20;

export function register(program: Command): void {
  const log = program.command('log').description("the log's own word, in C2SP forms");
  log
    .command('checkpoint')
    .description('print the signed checkpoint; `custos verify` checks it, this does not')
    .addHelpText('after', '\nExample:\n  $ custos --as auditor log checkpoint')
    .action(async (_options: unknown, command: Command) => {
      const all = globals(command);
      const checkpoint = await (await connect(all)).getText('/v1/log/checkpoint');
      const [origin, , root] = checkpoint.split('\n');
      const document = { checkpoint, origin, size: sizeIn(checkpoint), root };
      await printResult(all.json, document, () => visible(checkpoint.trimEnd()));
    });
  log
    .command('proof')
    .description('print the proof that an entry is in the log (C2SP tlog-proof)')
    .argument('<position>', 'position of the entry')
    .option(
      '--receipt',
      'with the entry in it, which `custos verify FILE` checks: an entry of your own, or any as auditor',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ custos --as researcher log proof 42
  $ custos --as auditor log proof 42 --receipt > 42.tlog-proof`,
    )
    .action(async (text: string, { receipt: withEntry }: { receipt?: true }, command: Command) => {
      const all = globals(command);
      const position = parseCount('POSITION', text);
      const what = withEntry === true ? 'receipt' : 'proof';
      const proof = await (await connect(all)).getText(`/v1/log/${what}`, { position });
      await printResult(all.json, { position, [what]: proof }, () => visible(proof.trimEnd()));
    });
  log
    .command('tail')
    .description('print entries: who did what when, and never content')
    .option('--from <position>', `first position (default: the last entries)`)
    .option('--limit <n>', `how many (default: ${tailEntries})`)
    .option('--follow', 'go on with entries as they are written, over restarts of the service, until Ctrl-C')
    .addHelpText(
      'after',
      `
Examples:
  $ custos --as auditor log tail --from 0 --limit 10 --json
  $ custos --as auditor log tail --follow`,
    )
    .action(async (options: { from?: string; limit?: string; follow?: boolean }, command: Command) => {
      const all = globals(command);
      const client = await connect(all);
      const limit = options.limit === undefined ? tailEntries : parseCount('--limit', options.limit);
      const from =
        options.from === undefined
          ? Math.max(0, sizeIn(await client.getText('/v1/log/checkpoint')) - limit)
          : parseCount('--from', options.from);
      const entries =
        options.follow === true
          ? followLog(() => connect(all), from)
          : client.getLines('/v1/log/entries', { from, limit });
      for await (const line of entries) {
        if (all.json) await printLine(line);
        else await print(`${entryText(line as Record<string, unknown>)}\n`);
      }
    });
}

/** The second line of a checkpoint (C2SP tlog-checkpoint). */
function sizeIn(checkpoint: string): number {
  const [, size = ''] = checkpoint.split('\n');
  if (!/^\d{1,15}$/.test(size)) throw refusalOf(undefined);
  return Number(size);
}

function entryText({ position, at, type, actor, subject }: Readonly<Record<string, unknown>>): string {
  const about = subject === undefined ? '' : ` about ${String(subject)}`;
  return visible(`${String(position)} ${timeText(at)} ${String(type)} by ${String(actor)}${about}`);
}
