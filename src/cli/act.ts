import { Option, type Command } from 'commander';
import type { ActView } from '../identity/list-acts.js';
import { segment } from './arguments.js';
import { connect, globals } from './globals.js';
import { jsonText, listing, printResult, table, timeText } from './output.js';
import { allOf } from './pages.js';
import { withSignOptions, type SignOptions } from './signer.js';

export function register(program: Command): void {
  const act = program
    .command('act')
    .description('what officers do together by signing: keys, policy, locks, programme');
  act
    .command('ls')
    .description('list acts and who has signed them')
    .addOption(new Option('--state <state>', 'only these').choices(['open', 'enforced', 'lapsed']))
    .addHelpText('after', '\nExample:\n  $ custos --as officer2 act ls --state open')
    .action(async ({ state }: { state?: string }, command: Command) => {
      const all = globals(command);
      const query = state === undefined ? {} : { state };
      const acts = await allOf<ActView>(await connect(all), '/v1/acts', 'acts', query);
      await printResult(all.json, { acts }, () =>
        table(
          ['act', 'kind', 'state', 'proposed by', 'signatures', 'open until'],
          acts.map((one) => [one.act, one.kind, one.state, one.proposer, `${one.signatures.length} of ${one.needed}`, timeText(one.expiresAt)]), // prettier-ignore
        ),
      );
    });
  act
    .command('show')
    .description('all of an act: whoever signs it must have seen it')
    .argument('<id>', 'id of the act')
    .action(async (id: string, _options: unknown, command: Command) => {
      const all = globals(command);
      const shown = await (await connect(all)).get<ActView>(`/v1/acts/${segment(id)}`);
      await printResult(
        all.json,
        shown,
        () => `${listing(Object.entries({ ...shown, body: '', signatures: shown.signatures.map(({ person }) => person).join(', ') }))}\n${jsonText(shown.body, 2)}`, // prettier-ignore
      );
    });
  withSignOptions(act.command('sign'))
    .description('sign an act with your own key, after showing what is signed')
    .argument('<id>', 'id of the act')
    .addHelpText('after', '\nExample:\n  $ custos --as officer2 act sign 6a4d…')
    .action(async (id: string, options: SignOptions, command: Command) => {
      const { cosign } = await import('./sign-act.js');
      await cosign(id, options, globals(command));
    });
}
