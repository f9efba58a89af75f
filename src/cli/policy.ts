import type { Command } from 'commander';
import type { Policy } from '../access/policy.js';
import type { PolicyPreview } from '../access/preview-policy.js';
import { classes, fieldNames } from '../log/fields.js';
import { connect, globals } from './globals.js';
import { jsonText, listing, printResult, table } from './output.js';
import { AnsweredNo } from './report-error.js';
import { withSignOptions, type SignOptions } from './signer.js';

interface ProposeOptions extends SignOptions {
  readonly reason: string;
  readonly beyondCeilings?: boolean;
}
interface PolicyShown {
  readonly policy: Policy;
  readonly policyHash: string;
  readonly position: number | null;
}

export function register(program: Command): void {
  const policy = program
    .command('policy')
    .description('who must sign for what, and how far any of it goes: a document that officers sign');
  policy
    .command('show')
    .description('the policy in force')
    .option('--document', 'only the document, to change it')
    .addHelpText(
      'after',
      `
Examples:
  $ custos --as auditor policy show
  $ custos --as officer1 policy show --document > policy.json`,
    )
    .action(async ({ document }: { document?: boolean }, command: Command) => {
      const all = globals(command);
      const shown = await (await connect(all)).get<PolicyShown>('/v1/policy');
      if (document === true) return printResult(all.json, shown.policy, () => jsonText(shown.policy, 2));
      await printResult(all.json, shown, () => shownText(shown));
    });
  policy
    .command('check')
    .description('whether a document is a policy and not below a floor; needs no service')
    .argument('<file>', 'the policy, JSON')
    .addHelpText('after', '\nExample:\n  $ custos policy check policy.json')
    .action(async (file: string, _options: unknown, command: Command) => {
      const { checkPolicy, policyText } = await import('./policy-file.js');
      const { policy: _policy, ...checked } = checkPolicy(await policyText(file));
      const { ok, policyHash, issues, floors } = checked;
      await printResult(globals(command).json, checked, () =>
        listing([
          ['policy', ok ? 'may be proposed' : 'would be refused'],
          ['policy hash', policyHash],
          ...issues.map(({ path, rule }) => [path, rule] as const),
          ...floors.map((floor) => ['below the floor', floor] as const),
        ]),
      );
      if (!ok) throw new AnsweredNo();
    });
  registerChange(policy);
}

function registerChange(policy: Command): void {
  policy
    .command('diff')
    .description('what a document would change, and who would gain and lose reach; nothing is written')
    .argument('<file>', 'the policy, JSON')
    .addHelpText('after', '\nExample:\n  $ custos --as officer1 policy diff policy.json')
    .action(async (file: string, _options: unknown, command: Command) => {
      const all = globals(command);
      const [{ policyIn }, { previewText }] = await Promise.all([import('./policy-file.js'), import('./policy-diff.js')]); // prettier-ignore
      const client = await connect(all);
      const preview = await client.post<PolicyPreview>('/v1/policy/preview', { policy: await policyIn(file) });
      await printResult(all.json, preview, () => previewText(preview));
    });
  withSignOptions(policy.command('propose'))
    .description('ask for a document to become the policy, and sign it: a quorum of officers has to')
    .argument('<file>', 'the policy, JSON; its version is one more than that of the policy in force')
    .requiredOption('--reason <text>', 'why; it stands in the log')
    .option('--beyond-ceilings', 'even if it brings reach above a ceiling: takes the larger quorum')
    .addHelpText(
      'after',
      `
Requests that are open lapse when it comes into force.

Examples:
  $ custos --as officer1 policy propose policy.json --reason "agreement of 3 March, section 4"
  $ custos --as officer2 policy sign ACT`,
    )
    .action(async (file: string, options: ProposeOptions, command: Command) => {
      const { reason, beyondCeilings = false, ...sign } = options;
      const all = globals(command);
      const [{ policyIn, hashOf }, { propose }] = await Promise.all([
        import('./policy-file.js'),
        import('./sign-act.js'),
      ]);
      const next = await policyIn(file);
      const replaces = hashOf(await (await connect(all)).get<PolicyShown>('/v1/policy'));
      await propose({ kind: 'policy.change', body: { policy: next, replaces, beyondCeilings, reason } }, sign, all);
    });
  withSignOptions(policy.command('sign'))
    .description('sign a proposed policy with your own key, after showing what is signed')
    .argument('<act>', 'id of the act')
    .addHelpText('after', '\nExample:\n  $ custos --as officer2 policy sign 6a4d…')
    .action(async (id: string, options: SignOptions, command: Command) => {
      const { cosign } = await import('./sign-act.js');
      await cosign(id, options, globals(command), ({ kind }) => kind === 'policy.change');
    });
}

async function shownText({ policy, policyHash, position }: PolicyShown): Promise<string> {
  const head = listing([
    ['version', policy.version],
    ['policy hash', policyHash],
    ['in force', position === null ? 'built in' : `since position ${position}`],
    ['a request is open', `${policy.requestOpenSeconds} s`],
    ['a signature is kept', `${policy.approvalSeconds} s`],
  ]);
  const columns = ['quorum', 'longestSeconds', 'mostRecords', 'mostDisclosures', 'mostSubjects', 'mostSessions', 'mostPersonsAtOnce', 'mostSubjectsAtOnce'] as const; // prettier-ignore
  const ceilings = await table(
    ['', ...classes],
    columns.map((name) => [name, ...classes.map((one) => policy.classes[one][name])]),
  );
  const fields = listing(
    classes.map((one) => [one, fieldNames.filter((field) => (policy.fields[field] ?? 'strict') === one).join(', ')]),
  );
  const { fields: opened, ...limits } = policy.breakGlass;
  const breakGlass = listing([...Object.entries(limits), ['fields', opened.join(', ')]]);
  return `${head}\n\n${fields}\n\n${ceilings}\n\nbreak-glass\n${breakGlass}`;
}
