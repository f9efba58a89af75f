import type { Command } from 'commander';
import type { Policy } from '../access/policy.js';
import { classes, fieldNames } from '../log/fields.js';
import { connect, globals } from './globals.js';
import { jsonText, listing, printResult, table } from './output.js';
import { AnsweredNo } from './report-error.js';

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
