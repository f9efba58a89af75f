import type { Command } from 'commander';
import { segment } from './arguments.js';
import { connect, globals, withReceipts, type Globals } from './globals.js';
import { listing, printResult, say } from './output.js';
import type { RequestShown } from './request-text.js';
import { withSignOptions, type SignOptions } from './signer.js';

export function register(program: Command): void {
  withSignOptions(program.command('approve'))
    .description('sign a request with your own key, after showing what is signed')
    .argument('<id>', 'id of the request')
    .addHelpText(
      'after',
      `
Examples:
  $ custos --as approver1 approve 6a4d…
  $ custos approve 6a4d… --ssh-key ~/.ssh/id_ed25519        # or id_ed25519_sk, which is touched`,
    )
    .action(async (id: string, options: SignOptions, command: Command) => approve(id, options, globals(command)));
  registerReasoned(program, {
    name: 'reject',
    what: 'request',
    does: 'reject a request, finally',
    path: (id) => `/v1/requests/${segment(id)}/rejection`,
  });
  registerReasoned(program, {
    name: 'revoke',
    what: 'grant',
    does: 'end a grant now; what was read stays read, and stays in the log',
    path: (id) => `/v1/grants/${segment(id)}/revocation`,
  });
}

interface Approved {
  readonly request: string;
  readonly approvals: number;
  readonly needed: number;
  readonly grant: string | null;
}

async function approve(id: string, options: SignOptions, all: Globals): Promise<void> {
  const [{ signer }, { prepareApproval, statementText }, { approvalType }] = await Promise.all([
    import('./signer.js'),
    import('./prepare-approval.js'),
    import('../access/approval.js'),
  ]);
  const { key, logKey } = await signer(options, all);
  const client = await connect(all);
  const shown = await client.get<RequestShown>(`/v1/requests/${segment(id)}`);
  const { policy } = await client.get<{ policy: unknown }>('/v1/policy');
  const note = await client.getText('/v1/log/checkpoint');
  const prepared = prepareApproval({ id, shown, policy, note, logKey, approver: key.person, now: Date.now() });
  if (!all.json) say(statementText(prepared, shown));
  const { confirm } = await import('./ask.js');
  await confirm('Sign this?', { yes: options.yes === true, json: all.json });
  const envelope = await key.sign(approvalType, prepared.statement);
  const approved = await client.post<Approved>(`/v1/requests/${segment(id)}/approvals`, { envelope });
  const { request, approvals, needed, grant } = approved;
  await printResult(all.json, { request, approvals, needed, grant }, () =>
    listing([
      ['request', request],
      ['approvals', `${approvals} of ${needed}`],
      ['grant', grant ?? 'not yet in force'],
    ]),
  );
}

function registerReasoned(
  program: Command,
  { name, what, does, path }: { name: string; what: string; does: string; path: (id: string) => string },
): void {
  withReceipts(program.command(name))
    .description(does)
    .argument(`<${what}>`, `id of the ${what}`)
    .requiredOption('--reason <text>', 'why; it goes into the log')
    .addHelpText('after', `\nExample:\n  $ custos --as approver1 ${name} 6a4d… --reason "The purpose is too vague"`)
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const all = globals(command);
      const answer = await (await connect(all)).post<Record<string, unknown>>(path(id), { reason });
      await printResult(all.json, answer, () => listing(Object.entries(answer)));
    });
}
