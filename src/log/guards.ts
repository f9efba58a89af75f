import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../problem.js';
import type { Queryable } from './database.js';
import { rightsOf } from './role-rights.js';

/**
 * What guards the log inside the database, as the migrations leave it: its functions, triggers, constraints and indexes, and
 * what each role may do. A committed text file, so that a widened right is a diff that somebody reads; the program runs on
 * exactly this and nothing less guarded. After a change of the migrations:
 * `CUSTOS_WRITE_GUARDS=1 npx jest src/log/guards` writes it anew.
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
 * Refuses a database where a trigger, function, constraint or index of ours is missing, disabled or another one.
 * @throws Problem guards_changed, naming it
 */
export async function requireGuards(db: Queryable): Promise<void> {
  const found = new Map((await guardsIn(db)).map(({ object, definition }) => [object, definition]));
  for (const line of await expectedLines()) {
    const [, object = '', definition] = /^((?:function|trigger|constraint|index) .*?): (.*)$/.exec(line) ?? [];
    if (object !== '' && found.get(object) !== definition) throw new Problem('guards_changed', { setting: object });
  }
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
 * so by an index; partitions have what their table has.
 */
const guards = `
SELECT * FROM (
  SELECT format('function %I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS object,
    concat_ws(', ', 'owner ' || pg_get_userbyid(p.proowner), CASE WHEN p.prosecdef THEN 'runs as owner' END,
      array_to_string(p.proconfig, ', '), 'sha256 ' || encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex')) AS definition
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname IN ('log', 'keys')
  UNION ALL
  SELECT format('trigger %I on %I.%I', t.tgname, n.nspname, c.relname),
    CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'on replicas only' ELSE 'enabled' END
      || ', ' || pg_get_triggerdef(t.oid)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('log', 'keys') AND NOT t.tgisinternal AND NOT c.relispartition
  UNION ALL
  SELECT format('constraint %I on %I.%I', k.conname, n.nspname, c.relname),
    CASE WHEN k.convalidated THEN 'valid' ELSE 'not valid' END || ', ' || pg_get_constraintdef(k.oid)
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('log', 'keys') AND k.contype IN ('c', 'f', 'x') AND NOT c.relispartition
  UNION ALL
  SELECT format('index %I.%I', n.nspname, i.relname),
    CASE WHEN x.indisvalid AND x.indisready AND x.indislive THEN 'whole' ELSE 'not whole' END
      || ', ' || pg_get_indexdef(x.indexrelid)
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('log', 'keys') AND NOT c.relispartition
) found ORDER BY object COLLATE "C"`;
