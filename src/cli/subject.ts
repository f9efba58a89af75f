import { Argument, type Command } from 'commander';
import { segment } from './arguments.js';
import { connect, globals } from './globals.js';
import { jsonText, listing, printResult, visible } from './output.js';
import { wrongUse } from './refusal.js';

const consentOf = { given: 'given', refuse: 'refused', pause: 'paused', resume: 'given' } as const;

export function register(program: Command): void {
  program
    .command('consent')
    .description('a subject says whether their records may be stored')
    .addArgument(new Argument('<consent>', 'from now on').choices(Object.keys(consentOf)))
    .option('--subject <id>', 'the subject (default: the one that you act as)')
    .addHelpText('after', '\nExample:\n  $ custos --as subject:anna consent pause')
    .action(async (word: keyof typeof consentOf, { subject: named }: { subject?: string }, command: Command) => {
      const all = globals(command);
      const client = await connect(all);
      const subject = named ?? subjectIn(client.person);
      if (subject === undefined) throw wrongUse('--subject', 'needed unless you act as a subject');
      const path = `/v1/subjects/${segment(subject)}/consent`;
      const answer = await client.put<Record<string, unknown>>(path, { consent: consentOf[word] });
      await printResult(all.json, answer, () => listing(Object.entries(answer)));
    });
  program
    .command('erase')
    .description("destroy a subject's key: nobody can open their records again, in the vault or in a backup")
    .argument('<subject>', 'id of the subject')
    .option('--yes', 'do not ask first')
    .addHelpText('after', '\nExample:\n  $ custos --as officer1 erase anna')
    .action(async (subject: string, { yes = false }: { yes?: boolean }, command: Command) => {
      const all = globals(command);
      const client = await connect(all);
      const { confirm } = await import('./ask.js');
      await confirm(`Destroy the key of ${visible(subject)}, for ever?`, { yes, json: all.json });
      const answer = await client.post<Record<string, unknown>>(`/v1/subjects/${segment(subject)}/erasure`, {});
      await printResult(all.json, answer, () =>
        listing(Object.entries(answer).map(([name, value]) => [name, textOf(value)])),
      );
    });
}

const subjectIn = (person: string | undefined) =>
  person?.startsWith('subject:') === true ? person.slice('subject:'.length) : undefined;
const textOf = (value: unknown) => (typeof value === 'object' ? jsonText(value) : value);
