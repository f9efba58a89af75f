import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../problem.js';
import type { Queryable } from './database.js';
import { rightsOf } from './role-rights.js';

/**
 * What guards the log inside the database, as the migrations leave it: its tables, functions, triggers, constraints and
 * indexes, and what each role may do. A committed text file, so that a widened right is a diff that somebody reads; the
 * program runs on exactly this. After a change of the migrations `CUSTOS_WRITE_GUARDS=1 npx jest src/log/guards` writes it
 * anew.
 */
export const guardsFile = join(import.meta.dirname, '../../migrations/guards.txt');

/** The parts that run as a database role of their own. */
export const parts = ['custos_service', 'custos_keyholder', 'custos_reader'] as const;
export type Part = (typeof parts)[number];

const rightLine = (part: Part, right: string) => `${part}: ${right}`;

/** The lines of the file, for the database as it is. Needs a role that sees them all: none is hidden from any. */
export async function describeGuards(db: Queryable): Promise<string[]> {
  const lines = (await guardsIn(db)).map(({ object, definition }) => `${object}: ${definition}`);
  for (const part of parts) lines.push(...(await rightsOf(db, part, part)).map((right) => rightLine(part, right)));
  return lines;
}

/**
 * Refuses a database where anything of ours is missing, disabled or another one, or something stands beside it: a trigger, a
 * rule or a policy more changes what is written or read just as well.
 * @throws Problem guards_changed, naming it
 */
export async function requireGuards(db: Queryable): Promise<void> {
  const found = new Map((await guardsIn(db)).map(({ object, definition }) => [object, definition]));
  const expected = new Map((await expectedLines()).flatMap(guardOf));
  for (const [object, definition] of [...expected, ...found]) {
    if (found.get(object) !== definition || expected.get(object) !== definition)
      throw new Problem('guards_changed', { setting: object });
  }
}

/** A line that is none of a part's rights. */
function guardOf(line: string): [object: string, definition: string][] {
  const [, object = '', definition = ''] = /^(.*?): (.*)$/.exec(line) ?? [];
  return (parts as readonly string[]).includes(object) ? [] : [[object, definition]];
}

/**
 * Refuses a connection whose role, or a role within its reach, has a right that its part does not need.
 * @throws Problem role_too_powerful, naming the right
 */
export async function requireLeastPrivilege(db: Queryable, part: Part): Promise<void> {
  const expected = new Set(await expectedLines());
  const tooMuch = (await rightsOf(db, undefined, part)).find((right) => !expected.has(rightLine(part, right)));
  if (tooMuch !== undefined) throw new Problem('role_too_powerful', { setting: tooMuch });
}

async function expectedLines(): Promise<string[]> {
  const lines = (await readFile(guardsFile, 'utf8')).split('\n').filter((line) => line !== '');
  // An empty file would let everything pass.
  if (lines.length === 0) throw new Error('guards.txt is empty');
  return lines;
}

async function guardsIn(db: Queryable): Promise<{ object: string; definition: string }[]> {
  const { rows } = await db.query<{ object: string; definition: string }>(guards);
  return rows;
}

/**
 * Functions by the hash of their text, all else as PostgreSQL writes it, with whether it is in force. What has to be unique is
 * so by an index. Partitions come and go: all of them are one line, which is theirs as long as they are alike.
 */
const guards = `
WITH relation AS (
  SELECT c.*, n.nspname, format('%I.%I', n.nspname, c.relname) AS name, concat_ws(', ',
    CASE c.relkind WHEN 'r' THEN 'ordinary' WHEN 'p' THEN 'partitioned' ELSE 'of kind ' || c.relkind::text END,
    CASE c.relpersistence WHEN 'p' THEN 'permanent' ELSE 'not permanent' END,
    'owner ' || pg_get_userbyid(c.relowner),
    CASE WHEN c.relhasindex THEN 'indexed' END, CASE WHEN c.relhastriggers THEN 'with triggers' END,
    CASE WHEN c.relrowsecurity OR c.relforcerowsecurity THEN 'row security' END,
    (SELECT 'policies ' || string_agg(polname, ' ' ORDER BY polname) FROM pg_policy WHERE polrelid = c.oid),
    (SELECT 'rules ' || string_agg(rulename, ' ' ORDER BY rulename) FROM pg_rewrite WHERE ev_class = c.oid),
    (SELECT 'inherited' FROM pg_inherits WHERE inhparent = c.oid AND c.relkind <> 'p' LIMIT 1),
    (SELECT 'inherits' FROM pg_inherits WHERE inhrelid = c.oid AND NOT c.relispartition LIMIT 1),
    (SELECT string_agg(concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || a.attcollation::regcollation END,
        CASE WHEN a.attnotnull THEN 'not null' END, nullif(a.attidentity, ''),
        CASE a.attgenerated WHEN '' THEN 'default' ELSE 'generated' END || ' ' || pg_get_expr(d.adbin, d.adrelid)
      ), ', ' ORDER BY a.attnum)
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
       LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)) AS definition
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f')
), fires AS (
  SELECT tgrelid, tgname, tgparentid, pg_get_triggerdef(oid) AS definition,
    CASE tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'on replicas only' ELSE 'enabled' END AS state
  FROM pg_trigger WHERE NOT tgisinternal OR tgparentid <> 0
), lookup AS (
  SELECT *, CASE WHEN indisvalid AND indisready AND indislive THEN 'whole' ELSE 'not whole' END AS state FROM pg_index
)
SELECT * FROM (
  SELECT format('function %I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS object,
    concat_ws(', ', 'owner ' || pg_get_userbyid(p.proowner), CASE WHEN p.prosecdef THEN 'runs as owner' END,
      array_to_string(p.proconfig, ', '), 'sha256 ' || encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex')) AS definition
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname IN ('log', 'keys')
  UNION ALL
  SELECT 'table ' || name, definition FROM relation WHERE nspname IN ('log', 'keys') AND NOT relispartition
  UNION ALL
  SELECT format('view %I.%I', n.nspname, c.relname),
    'owner ' || pg_get_userbyid(c.relowner) || ', ' || regexp_replace(pg_get_viewdef(c.oid), '\\s+', ' ', 'g')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('log', 'keys') AND c.relkind IN ('v', 'm')
  UNION ALL
  SELECT 'partitions of ' || whole.name, string_agg(DISTINCT concat_ws(', ',
    CASE WHEN part.nspname = whole.nspname THEN 'beside it' ELSE 'elsewhere' END, part.definition,
    (SELECT string_agg('trigger ' || tgname || ' ' || state, ', ' ORDER BY tgname) FROM fires WHERE tgrelid = part.oid),
    (SELECT string_agg(concat_ws(' ', 'index', state, CASE WHEN indisunique THEN 'unique' END, indkey), ', ' ORDER BY indkey::text)
     FROM lookup WHERE indrelid = part.oid),
    (SELECT string_agg(pg_get_constraintdef(k.oid), ', ' ORDER BY k.conname) FROM pg_constraint k
     WHERE k.conrelid = part.oid AND k.contype IN ('c', 'f', 'x'))), ' | ')
  FROM relation whole JOIN pg_inherits i ON i.inhparent = whole.oid JOIN relation part ON part.oid = i.inhrelid
  WHERE whole.nspname IN ('log', 'keys') AND whole.relkind = 'p' GROUP BY whole.name
  UNION ALL
  SELECT format('trigger %I on %s', t.tgname, c.name), t.state || ', ' || t.definition
  FROM fires t JOIN relation c ON c.oid = t.tgrelid
  WHERE c.nspname IN ('log', 'keys') AND NOT c.relispartition
  UNION ALL
  SELECT format('constraint %I on %s', k.conname, c.name),
    CASE WHEN k.convalidated THEN 'valid' ELSE 'not valid' END || ', ' || pg_get_constraintdef(k.oid)
  FROM pg_constraint k JOIN relation c ON c.oid = k.conrelid
  WHERE c.nspname IN ('log', 'keys') AND k.contype IN ('c', 'f', 'x') AND NOT c.relispartition
  UNION ALL
  SELECT format('index %I.%I', c.nspname, i.relname), x.state || ', ' || pg_get_indexdef(x.indexrelid)
  FROM lookup x JOIN pg_class i ON i.oid = x.indexrelid JOIN relation c ON c.oid = x.indrelid
  WHERE c.nspname IN ('log', 'keys') AND NOT c.relispartition
) found ORDER BY object COLLATE "C"`;
