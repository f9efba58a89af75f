import type { Command } from 'commander';
import { parseCount } from './arguments.js';
import { globals, trustFilePath } from './globals.js';
import { printResult } from './output.js';
import { wrongUse } from './refusal.js';

interface Options {
  readonly file: string;
  readonly kept: string;
  readonly reason: string;
}

export function register(program: Command): void {
  program
    .command('accept-rollback')
    .description('give up entries that a restored backup has lost, so that a process which refused can start on it')
    .requiredOption('--file <path>', 'the checkpoint file that the refusal names, of the service or the keyholder')
    .requiredOption(
      '--kept <size>',
      'how many entries the log had, as the refusal says: all above what is found are lost',
    )
    .requiredOption('--reason <text>', 'why: the service writes it into the log, together with the lost checkpoint')
    .addHelpText(
      'after',
      `
Each process that refuses needs its own: the keyholder first, then every service. It accepts this one loss and no
other. docs/operating/rollback.md says what to do before.

Example:
  $ custos accept-rollback --file .custos/checkpoint --kept 1204 --reason "restored the backup of 3 May after a disk failure"`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { file, kept, reason } = command.optsWithGlobals<Options>();
      const all = globals(command);
      const accepted = await accept({
        file,
        kept: parseCount('--kept', kept),
        reason,
        trustFile: trustFilePath(all.data),
      });
      await printResult(
        all.json,
        accepted,
        () => `Accepted: whatever the log had up to ${accepted.kept} entries may be gone.`,
      );
    });
}

async function accept(options: { file: string; kept: number; reason: string; trustFile: string }) {
  const [{ CheckpointFile }, { loadTrust }, { parseVerifierKey }, { freeText }] = await Promise.all([
    import('../log/checkpoint-file.js'),
    import('../identity/trust.js'),
    import('../merkle/note.js'),
    import('../log/free-text.js'),
  ]);
  const reason = freeText({ least: 3, most: 500 }).safeParse(options.reason);
  if (!reason.success) throw wrongUse('--reason', 'one line of plain text, 3 to 500 characters');
  const { origin, log } = await loadTrust(options.trustFile);
  const memory = new CheckpointFile(options.file, { origin, verifiers: [parseVerifierKey(log)] });
  const lost = await memory.last();
  if (lost === undefined) throw wrongUse('--file', 'no checkpoint was kept there');
  // Typed from the refusal: whoever runs this has seen what is lost.
  if (lost.size !== options.kept) throw wrongUse('--kept', 'not the size that was kept there');
  await memory.accept({ lost, reason: reason.data });
  return { file: options.file, kept: lost.size, reason: reason.data };
}
