import { Argument, type Command } from 'commander';
import type { LockView } from '../access/list-locks.js';
import type { LockTarget } from '../log/entries.js';
import { connect, globals, withReceipts } from './globals.js';
import { jsonText, listing, printResult, table } from './output.js';
import { allOf } from './pages.js';
import { wrongUse } from './refusal.js';
import { withSignOptions, type SignOptions } from './signer.js';

const targets = ['field', 'subject', 'person', 'grant'] as const;
type Targets = Partial<Record<(typeof targets)[number], string>> & { readonly all?: boolean };

export function register(program: Command): void {
  registerLock(program);
  registerUnlock(program);
  registerProgramme(program);
}

function registerLock(program: Command): void {
  withReceipts(program.command('lock'))
    .description(
      'stop every release from now on, on every instance, those that stream included; without --reason: list',
    )
    .option('--all', 'everything')
    .option('--field <field>', 'whatever holds this field')
    .option('--subject <id>', 'whatever is about this subject')
    .option('--person <id>', 'whatever goes to this person')
    .option('--grant <id>', 'whatever is under this grant')
    .option('--reason <text>', 'why; it goes into the log')
    .addHelpText(
      'after',
      `
Examples:
  $ custos --as officer1 lock --all --reason "Prompts were open to everyone"
  $ custos --as officer1 lock --field prompt --reason "The scope was too wide"
  $ custos --as officer1 lock                        the locks in force`,
    )
    .action(async ({ reason, ...given }: Targets & { reason?: string }, command: Command) => {
      const all = globals(command);
      const client = await connect(all);
      if (reason === undefined) {
        if (Object.keys(given).length > 0) throw wrongUse('--reason', 'needed to lock');
        const locks = await allOf<LockView>(client, '/v1/locks', 'locks');
        return printResult(all.json, { locks }, () =>
          table(
            ['lock', 'what', 'since position', 'by', 'reason'],
            locks.map(({ lock, target, position, by, reason: why }) => [lock, jsonText(target), position, by, why]),
          ),
        );
      }
      const answer = await client.post<Record<string, unknown>>('/v1/locks', { target: targetOf(given), reason });
      await printResult(all.json, answer, () => listing(Object.entries(answer)));
    });
}

/** One thing a lock, named: a typing error must not lock less than was meant. */
function targetOf({ all, ...named }: Targets): LockTarget {
  const chosen = targets.filter((name) => named[name] !== undefined);
  const [kind] = chosen;
  if (chosen.length + (all === true ? 1 : 0) !== 1) {
    throw wrongUse('TARGET', 'exactly one of --all, --field, --subject, --person and --grant');
  }
  return (kind === undefined ? { kind: 'all' } : { kind, [kind]: named[kind] }) as LockTarget;
}

function registerUnlock(program: Command): void {
  withSignOptions(program.command('unlock'))
    .description('ask for a lock to be lifted, and sign it: a quorum of officers has to')
    .argument('<lock>', 'id of the lock')
    .addHelpText(
      'after',
      '\nExample:\n  $ custos --as officer1 unlock 6a4d…   then others: custos --as officer2 act sign ACT',
    )
    .action(async (lock: string, options: SignOptions, command: Command) => {
      const { propose } = await import('./sign-act.js');
      await propose({ kind: 'lock.lift', body: { lock } }, options, globals(command));
    });
}

function registerProgramme(program: Command): void {
  withSignOptions(program.command('programme'))
    .description('whether anything is captured at all: one officer pauses, a quorum resumes what is assured')
    .addArgument(new Argument('<what>').choices(['status', 'pause', 'resume']).default('status').argOptional())
    .option('--reason <text>', 'with pause: why; it goes into the log')
    .addHelpText(
      'after',
      `
Examples:
  $ custos --as auditor programme status
  $ custos --as officer1 programme pause --reason "Prompts were open to everyone"
  $ custos --as officer1 programme resume            then others: custos --as officer2 act sign ACT`,
    )
    .action(async (what: string, { reason, ...sign }: SignOptions & { reason?: string }, command: Command) => {
      const all = globals(command);
      const client = await connect(all);
      if (what === 'pause') {
        if (reason === undefined) throw wrongUse('--reason', 'needed to pause');
        const answer = await client.post<Record<string, unknown>>('/v1/programme/pause', { reason });
        return printResult(all.json, answer, () => listing(Object.entries(answer)));
      }
      const programme = await client.get<{ status: string; since?: number }>('/v1/programme');
      if (what === 'status') return printResult(all.json, programme, () => listing(Object.entries(programme)));
      if (programme.status !== 'paused') throw wrongUse('resume', 'nothing to resume: the programme is capturing');
      const { assure } = await import('./assurance.js');
      const { hash: assurance } = await assure(client, {}, all);
      const { propose } = await import('./sign-act.js');
      await propose({ kind: 'programme.resume', body: { since: programme.since, assurance } }, sign, all);
    });
}
