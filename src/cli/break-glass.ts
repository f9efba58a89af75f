import type { Command } from 'commander';
import type { ActView } from '../identity/list-acts.js';
import { collect, parseCount, parseDuration, segment } from './arguments.js';
import { connect, globals } from './globals.js';
import { allOf } from './pages.js';
import { wrongUse } from './refusal.js';
import { namedRange, rangeOf } from './request.js';
import type { SessionView } from './session.js';
import { withSignOptions, type SignOptions } from './signer.js';

interface BreakOptions extends SignOptions {
  readonly session: readonly string[];
  readonly field: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly reason: string;
  readonly records: string;
  readonly disclosures: string;
  readonly for: string;
}

export function register(program: Command): void {
  registerBreakGlass(program);
  registerReview(program);
}

function registerBreakGlass(program: Command): void {
  withSignOptions(program.command('break-glass'))
    .description('open a little at once, alone: everybody is told, and others must review it')
    .requiredOption('--session <id>', 'session to read; may be given several times', collect)
    .requiredOption('--field <name>', 'field to read; may be given several times', collect)
    .requiredOption('--reason <text>', 'why it cannot wait; the subjects read this')
    .option('--from <time>', 'first moment: ISO 8601 with zone, or epoch milliseconds')
    .option('--to <time>', 'moment at which it ends; left out with --from: the whole of the sessions')
    .option('--records <n>', 'how many records at most', '200')
    .option('--disclosures <n>', 'how many times at most', '1')
    .option('--for <duration>', 'how long', '10m')
    .addHelpText(
      'after',
      `
How much that may be is in the policy (\`custos policy show\`). The act is the grant: read it with its id. Until a quorum
of other officers has reviewed it you cannot do it again, and no paused programme resumes.

Example:
  $ custos --as officer1 break-glass --session walk-1 --field url --reason "The intruder may still be in there"
  $ custos --as officer1 read ACT --session walk-1`,
    )
    .action(async (options: BreakOptions, command: Command) => {
      const all = globals(command);
      const client = await connect(all);
      const named = [...new Set(options.session)].sort();
      const range = namedRange(options) ?? (await rangeOf(client, named));
      const shown = await Promise.all(named.map((id) => client.get<SessionView>(`/v1/sessions/${segment(id)}`)));
      const scope = {
        fields: [...new Set(options.field)].sort(),
        sessions: shown.map(({ session, subject }) => ({ session, subject })),
        ...range,
        purpose: options.reason,
        durationSeconds: parseDuration('--for', options.for),
        budget: {
          records: parseCount('--records', options.records),
          disclosures: parseCount('--disclosures', options.disclosures),
        },
      };
      const { propose } = await import('./sign-act.js');
      await propose({ kind: 'break-glass', body: { scope } }, options, all);
    });
}

function registerReview(program: Command): void {
  withSignOptions(program.command('review'))
    .description('say what you make of a break-glass, or sign what another officer says; it ends with that')
    .argument('<grant>', 'id of the act that broke the glass')
    .option('--finding <text>', 'what you find; needed from the first who reviews')
    .addHelpText(
      'after',
      `
Example:
  $ custos --as officer2 review 6a4d… --finding "It was needed, and no more was read than said"
  $ custos --as officer3 review 6a4d…`,
    )
    .action(async (grant: string, { finding, ...sign }: SignOptions & { finding?: string }, command: Command) => {
      const all = globals(command);
      const { cosign, propose } = await import('./sign-act.js');
      if (finding !== undefined) return propose({ kind: 'break-glass.review', body: { grant, finding } }, sign, all);
      const acts = await allOf<ActView>(await connect(all), '/v1/acts', 'acts', { state: 'open' });
      const isOfGrant = ({ kind, body }: Pick<ActView, 'kind' | 'body'>) => kind === 'break-glass.review' && (body as { grant?: string }).grant === grant; // prettier-ignore
      const open = acts.filter(isOfGrant);
      const [only] = open;
      if (only === undefined) throw wrongUse('--finding', 'needed: nobody has reviewed it yet');
      if (open.length > 1) throw wrongUse('GRANT', 'several findings are open: `custos act sign ID` for the one you mean'); // prettier-ignore
      await cosign(only.act, sign, all, isOfGrant);
    });
}
