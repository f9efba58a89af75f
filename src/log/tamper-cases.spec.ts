/** One thing that whoever rules the database can do to what is stored. */
export interface TamperCase {
  /** `schema.table.column`, or `schema.table` where whole rows are concerned. */
  readonly place: string;
  readonly what: string;
  /** As a superuser, with every trigger and CHECK out of the way. `:mid`, `:tail` and the like are positions. */
  readonly sql: string;
  /** Why nobody is misled, where nothing refuses it. */
  readonly harmless?: string;
}

const set = (table: string, column: string, what: string, value: string, where: string): TamperCase => ({
  place: `${table}.${column}`,
  what,
  sql: `UPDATE ${table} SET ${column} = ${value} WHERE ${where}`,
});
/** One bit of a byte region: `at` is an SQL expression of the offset. */
const flip = (table: string, column: string, where: string, at: string, what: string): TamperCase =>
  set(table, column, `a bit flipped ${what}`, `set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 4)`, where);
const flips = (table: string, column: string, where: string): TamperCase[] => [
  flip(table, column, where, '0', 'in the first byte'),
  flip(table, column, where, `length(${column}) / 2`, 'in the middle'),
  flip(table, column, where, `length(${column}) - 1`, 'in the last byte'),
];
const textBit = (table: string, column: string, where: string, find: string, what: string): TamperCase =>
  set(table, column, `a character changed ${what}`, `regexp_replace(${column}, '${find}', '\\1#')`, where);
const unless = (harmless: string, ...cases: TamperCase[]): TamperCase[] => cases.map((one) => ({ ...one, harmless }));

const swap = (a: string, b: string) =>
  `UPDATE log.entry SET position = -1 WHERE position = ${a}; UPDATE log.entry SET position = ${a} WHERE position = ${b};
   UPDATE log.entry SET position = ${b} WHERE position = -1`;
const replaced = (header: string) => `header = ${header}, leaf = sha256('\\x00'::bytea || ${header})`;
const inTile = 'position = :mid';
const inTail = 'position = :tail';
const approved = "position = (SELECT max(position) FROM log.entry WHERE type = 'request.approved')";
const head = 'true';
const checkpoint = 'size = (SELECT max(size) FROM log.checkpoint WHERE size < :mid)';
const tile = 'level = 0 AND index = 1';
const body = "field = 'typed' AND position = (SELECT min(position) FROM log.body)";
const command = 'first = :mid';
const bookKeeping =
  'only says how far deletion has come: too little is done again, too much leaves columns that verify finds (body_expired)';

export const tamperCases: readonly TamperCase[] = [
  ...[inTile, inTail].flatMap((where) => [
    ...flips('log.entry', 'header', where),
    ...flips('log.entry', 'leaf', where),
    set('log.entry', 'version', 'raised', 'version + 100000', where),
    set('log.entry', 'stream', 'another', "'session/other'", where),
    set('log.entry', 'type', 'another', "'grant.revoked'", where),
    set('log.entry', 'at', 'later', 'at + 1', where),
    set('log.entry', 'subject', 'taken off', 'NULL', where),
    set('log.entry', 'subject', 'another', "'somebody'", where),
    set('log.entry', 'governs', 'turned', 'NOT governs', where),
    {
      place: 'log.entry.header',
      what: 'replaced together with its leaf',
      sql: `UPDATE log.entry SET ${replaced(where === inTile ? ':forged' : ':forgedtail')} WHERE ${where}`,
    },
  ]),
  {
    place: 'log.entry.header',
    what: 'replaced together with leaf and tile',
    sql: `UPDATE log.entry SET ${replaced(':forged')} WHERE ${inTile};
          UPDATE log.tile SET hashes = overlay(hashes PLACING sha256('\\x00'::bytea || :forged) FROM (:mid % 256) * 32 + 1)
          WHERE level = 0 AND index = :mid / 256`,
  },
  ...flips('log.entry', 'header', approved),
  {
    place: 'log.entry.position',
    what: 'moved above the head',
    sql: `UPDATE log.entry SET position = 999999 WHERE ${inTile}`,
  },
  { place: 'log.entry.position', what: 'moved below zero', sql: `UPDATE log.entry SET position = -5 WHERE ${inTail}` },
  { place: 'log.entry.position', what: 'two neighbours swapped', sql: swap(':mid', ':mid + 1') },
  { place: 'log.entry.position', what: 'two far apart swapped', sql: swap('3', ':tail') },
  { place: 'log.entry', what: 'a row deleted', sql: `DELETE FROM log.entry WHERE ${inTile}` },
  { place: 'log.entry', what: 'a row deleted near the end', sql: `DELETE FROM log.entry WHERE ${inTail}` },
  {
    place: 'log.entry',
    what: 'a row deleted and all above it moved down',
    sql: `DELETE FROM log.entry WHERE ${inTile};
      UPDATE log.entry SET position = -position WHERE position > :mid; UPDATE log.entry SET position = -position - 1 WHERE position < 0`,
  },
  { place: 'log.entry', what: 'the last ones deleted', sql: 'DELETE FROM log.entry WHERE position >= :tail' },
  {
    place: 'log.entry',
    what: 'one added above the head',
    sql: `INSERT INTO log.entry SELECT :size, 'x', 0, type, at, subject, governs, leaf, header FROM log.entry WHERE ${inTile}`,
  },
  {
    place: 'log.entry',
    what: 'the last ones deleted, and the head put back to its checkpoint',
    sql: `DELETE FROM log.entry WHERE position >= :back;
      UPDATE log.head SET size = c.size, checkpoint = c.note FROM log.checkpoint c WHERE c.size = :back`,
  },
  {
    place: 'log',
    what: 'all of it put back to an older state',
    sql: `DELETE FROM log.entry WHERE position >= :back; DELETE FROM log.body WHERE position >= :back;
      DELETE FROM log.command WHERE first >= :back; DELETE FROM log.checkpoint WHERE size > :back;
      UPDATE log.head SET size = :back, checkpoint = c.note, at = (SELECT at FROM log.entry WHERE position = :back - 1) FROM log.checkpoint c WHERE c.size = :back`,
  },

  ...flips('log.body', 'sealed', body),
  set('log.body', 'sealed', 'cut short', 'substring(sealed FOR 10)', body),
  set('log.body', 'position', 'another', ':mid', body),
  set('log.body', 'field', 'another', "'url'", body),
  { place: 'log.body', what: 'a row deleted', sql: `DELETE FROM log.body WHERE ${body}` },
  { place: 'log.body', what: 'a row added', sql: "INSERT INTO log.body VALUES (:mid, 'typed', 'x')" },

  set('log.head', 'size', 'lower', 'size - 1', head),
  set('log.head', 'size', 'higher', 'size + 1', head),
  set('log.head', 'at', 'later', 'at + 1', head),
  ...flips('log.head', 'frontier', head),
  textBit('log.head', 'checkpoint', head, '^(.)', 'in its origin'),
  textBit('log.head', 'checkpoint', head, '(\\n.{20})[^#]', 'in its signature or root'),
  set('log.head', 'checkpoint', 'that of an older size', `(SELECT note FROM log.checkpoint WHERE ${checkpoint})`, head),
  {
    place: 'log.head.singleton',
    what: 'turned',
    sql: 'UPDATE log.head SET singleton = false',
    harmless: 'there is one row whatever it says; an append updates it by its size',
  },
  {
    place: 'log.head',
    what: 'a second row',
    sql: 'INSERT INTO log.head SELECT false, size - 1, at, frontier, checkpoint FROM log.head',
  },
  { place: 'log.head', what: 'deleted', sql: 'DELETE FROM log.head' },

  set('log.checkpoint', 'size', 'another', 'size + 100000', checkpoint),
  textBit('log.checkpoint', 'note', checkpoint, '^(.)', 'in its origin'),
  textBit('log.checkpoint', 'note', checkpoint, '(\\n[0-9]+\\n.)', 'in its root'),
  textBit('log.checkpoint', 'note', checkpoint, '(.{10})=*\\n$', 'in its signature'),
  set('log.checkpoint', 'note', 'of another root, signed with the key of the log', ':forked', 'size = :back'),
  {
    place: 'log.checkpoint',
    what: 'deleted',
    sql: `DELETE FROM log.checkpoint WHERE ${checkpoint}`,
    harmless: 'every later one covers the same entries; a receipt is made under the next one',
  },
  { place: 'log.checkpoint', what: 'the last one deleted', sql: 'DELETE FROM log.checkpoint WHERE size = :size' },

  ...flips('log.tile', 'hashes', tile),
  ...flips('log.tile', 'root', tile),
  set('log.tile', 'level', 'another', '3', tile),
  set('log.tile', 'index', 'another', '77', tile),
  { place: 'log.tile', what: 'deleted', sql: `DELETE FROM log.tile WHERE ${tile}` },

  set('log.command', 'first', 'another', 'first + 1', command),
  set('log.command', 'count', 'more', 'count + 1', command),
  { place: 'log.command', what: 'deleted', sql: `DELETE FROM log.command WHERE ${command}` },
  set('log.command', 'answer', 'another', `'"a lie"'`, command),
  ...flips('log.command', 'digest', command),
  set('log.command', 'actor', 'another', "'somebody'", command),
  set('log.command', 'command', 'another', "'another-id'", command),
  set(
    'log.command',
    'command',
    'that of another row',
    '(SELECT command FROM log.command WHERE first = :mid + 1)',
    command,
  ),
  {
    place: 'log.command',
    what: 'one for no entry',
    sql: `INSERT INTO log.command SELECT actor, 'x', digest, :size, 1, answer FROM log.command WHERE ${command}`,
  },
  {
    place: 'log.command',
    what: 'a second one of its entry',
    sql: `INSERT INTO log.command SELECT actor, 'x', digest, first, 1, answer FROM log.command WHERE ${command}`,
  },

  ...unless(
    bookKeeping,
    ...['field', 'entry', 'before', 'below'].map((column) => ({
      place: `log.deleted_body.${column}`,
      what: 'a row that nothing gave up',
      sql: "INSERT INTO log.deleted_body VALUES ('typed', 1, 9000000000000, 1000000)",
    })),
  ),

  ...unless(
    'only says how far the log was published: too little is sent again, too much leaves a gap that whoever reads the topic sees by the positions',
    ...['topic', 'size'].map((column) => ({
      place: `log.published.${column}`,
      what: 'a row for what was never published',
      sql: "INSERT INTO log.published VALUES ('custos.log', 1)",
    })),
  ),

  ...['wrapped', 'public_key'].flatMap((column) => flips('keys.subject_key', column, "subject = 's1'")),
  set('keys.subject_key', 'key_id', 'another', "'00000000-0000-4000-8000-000000000000'", "subject = 's1'"),
  set(
    'keys.subject_key',
    'subject',
    'two swapped',
    "CASE subject WHEN 's1' THEN 's3' ELSE 's1' END",
    "subject IN ('s1', 's3')",
  ),
  { place: 'keys.subject_key', what: 'deleted', sql: "DELETE FROM keys.subject_key WHERE subject = 's1'" },
  ...['position', 'at'].map((column) => ({
    place: `keys.opened.${column}`,
    what: 'a claim taken back',
    sql: 'DELETE FROM keys.opened',
    harmless:
      'a disclosure opens within a minute of its commit only, for the one reader that its entry names, who has it already; `at` is never read',
  })),
];
