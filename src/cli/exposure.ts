import type { Command } from 'commander';
import type { ExposureAnswer } from '../history/history-exposure.js';
import { momentOf, parseCount, why, type Why } from './arguments.js';
import type { Client } from './client.js';
import { connect, globals } from './globals.js';
import { print, printResult } from './output.js';
import { supposedPolicyIn } from './policy-file.js';

interface Options extends Why {
  readonly person?: string;
  readonly subject?: string;
  readonly session?: string;
  readonly field?: string;
  readonly ifPolicy?: string;
  readonly csv?: true;
  readonly parquet?: string;
  readonly after: string;
  readonly limit: string;
}

const rowsAPage = 5000;

export function registerExposure(history: Command): void {
  history
    .command('exposure')
    .description('between two moments: who could read what, who did, and what nobody knows the end of')
    .argument('<from>', 'how many entries of the log there were, or a time in ISO 8601')
    .argument('<to>', 'the same, later and not in the future')
    .option('--person <id>', 'this reader only')
    .option('--subject <id>', 'this subject only')
    .option('--session <id>', 'this session only')
    .option('--field <name>', 'this field only')
    .option(...why)
    .option('--if-policy <file>', 'as if this policy had been in force, with the signatures that there were')
    .option('--csv', 'all rows: a line for each person, subject, session and field')
    .option('--parquet <file>', 'the same as a new Parquet file, for whoever asks on')
    .option('--after <row>', 'rows from this one on', '0')
    .option('--limit <count>', `rows at once, up to ${rowsAPage}`, '100')
    .addHelpText(
      'after',
      `
A release that was not completed by <to> is unknown, and counts as exposed. With --if-policy it is asked which of the
grants that there were would have opened; a request that lacked signatures then is no grant, however few that policy takes.

Examples:
  $ custos --as auditor history exposure 2026-01-31T09:00:00Z 2026-01-31T13:00:00Z
  $ custos --as auditor history exposure 2026-01-31 2026-02-01 --field prompt --csv > exposed.csv`,
    )
    .action(
      async (
        from: string,
        to: string,
        { csv, parquet, ifPolicy, after, limit, ...filter }: Options,
        command: Command,
      ) => {
        const all = globals(command);
        const policy = ifPolicy === undefined ? undefined : await supposedPolicyIn(ifPolicy);
        const client = await connect(all);
        const page = (from_: number, most: number) =>
          ask(client, { ...filter, from: momentOf(from), to: momentOf(to), after: from_, limit: most }, policy);
        const text = await import('./exposure-text.js');
        async function* pages() {
          for (let next: number | null = 0; next !== null;) {
            const answer: ExposureAnswer = await page(next, rowsAPage);
            yield answer.rows;
            ({ next } = answer);
          }
        }
        if (parquet !== undefined) {
          const { newFile, writeParquet } = await import('./exposure-parquet.js');
          const rows = await writeParquet(newFile(parquet), pages());
          return printResult(all.json, { file: parquet, rows }, () => `${rows} rows`);
        }
        if (csv) {
          await print(text.csvHead);
          for await (const rows of pages()) await print(text.csvOf(rows));
          return;
        }
        const answer = await page(parseCount('--after', after), parseCount('--limit', limit));
        await printResult(all.json, answer, () => text.exposureText(answer));
      },
    );
}

const ask = (client: Client, query: Record<string, string | number | undefined>, policy: unknown) =>
  policy === undefined
    ? client.get<ExposureAnswer>('/v1/history/exposure', query)
    : client.post<ExposureAnswer>('/v1/history/exposure', { ...query, policy });
