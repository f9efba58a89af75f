import type pg from 'pg';
import { askBy } from './by-table-or-index.js';
import type { Findings } from './checks.js';

/** How others than the pages of a verification come to entries: which of them, and in the order of which index. */
const ways = [
  { entries: 'subject IS NOT NULL', order: 'subject, position' },
  { entries: `type = 'session.opened'`, order: 'position' },
  { entries: 'true', order: 'stream, version' },
] as const;
type Way = (typeof ways)[number];

interface Read {
  /** Positions below it were read. */
  readonly below: number;
  /** So many rows. */
  readonly rows: number;
}

/**
 * An index knows of the rows that it was told of. Pages are read by that of positions, and others ask by other ones: a row
 * that only those know of would be shown to them and verified by nobody, and one that they do not know of would not be shown.
 * So what each of them knows is held against the table.
 */
export async function verifyIndexes(client: pg.ClientBase, read: Read, findings: Findings): Promise<void> {
  const [there] = await askBy<Record<string, number>>(
    client,
    'table',
    `SELECT count(*) AS all, count(*) FILTER (WHERE position >= 0 AND position < $1) AS within,
       ${ways.map(({ entries }, way) => `count(*) FILTER (WHERE ${entries}) AS way${way}`).join()} FROM log.entry`,
    [read.below],
  );
  if (there?.['all'] !== read.rows || there['within'] !== read.rows) await nameUnread(client, read, findings);
  for (const [at, way] of ways.entries()) {
    const [known] = await askBy<{ count: number }>(client, 'index', `SELECT count(*) FROM (${inOrder(way)}) e`);
    if (known?.count !== there?.[`way${at}`]) await nameHidden(client, way, findings);
  }
}

async function nameUnread(client: pg.ClientBase, { below }: Read, { report }: Findings): Promise<void> {
  const rows = await askBy<{ position: number }>(
    client,
    'table',
    // By an expression: PostgreSQL believes an index that says it is unique, and plans the question away (18).
    `SELECT position + 0 AS position FROM log.entry
     GROUP BY 1 HAVING count(*) > 1 OR position + 0 < 0 OR position + 0 >= $1 ORDER BY 1 LIMIT 100`,
    [below],
  );
  for (const { position } of rows) report(position, 'not_in_the_log');
}

/** Of the first part of the log in which any are hidden: there may be millions. */
async function nameHidden(client: pg.ClientBase, way: Way, { report }: Findings): Promise<void> {
  const parts = `SELECT position / 4096 AS part, count(*) FROM (${inOrder(way)}) e GROUP BY 1 ORDER BY 1`;
  const known = new Map((await askBy<Part>(client, 'index', parts)).map(({ part, count }) => [part, count]));
  const first = (await askBy<Part>(client, 'table', parts)).find(({ part, count }) => known.get(part) !== count);
  if (first === undefined) return;
  const positions = `SELECT position FROM (${inOrder(way)}) e WHERE position / 4096 = $1`;
  const ask = (by: 'table' | 'index') => askBy<{ position: number }>(client, by, positions, [first.part]);
  const shown = new Set((await ask('index')).map(({ position }) => position));
  for (const { position } of await ask('table')) if (!shown.has(position)) report(position, 'not_indexed');
}

interface Part {
  readonly part: number;
  readonly count: number;
}

/** With a bound that is none, so that the order is kept: only its index gives it without sorting. */
const inOrder = ({ entries, order }: Way): string =>
  `SELECT position FROM log.entry WHERE ${entries} ORDER BY ${order} OFFSET 0`;
