import type { ExposureRow } from '../history/exposure-rows.js';
import type { ExposureAnswer } from '../history/history-exposure.js';
import { spanText } from './history-text.js';
import { listing, table, timeText, visible } from './output.js';

/** A summary of all, then one page of rows. */
export async function exposureText({ from, to, ifPolicy, summary, rows, next }: ExposureAnswer): Promise<string> {
  const { could, did, persons } = summary;
  const people = persons.map((one) => [one.person, one.couldSubjects, one.didSubjects, one.releases, one.records, one.unknown]); // prettier-ignore
  return [
    spanText(from, to),
    listing([
      ...(ifPolicy === null ? [] : [['as if this policy was in force', ifPolicy] as const]),
      ['could read', `${could.persons} persons, ${could.subjects} subjects, ${could.sessions} sessions`],
      [
        'did read',
        `${did.persons} persons, ${did.subjects} subjects, ${did.sessions} sessions, ${did.records} records`,
      ],
      ['releases', `${did.delivered} delivered, ${did.broken_off} broken off, ${did.failed} failed, ${did.unknown} unknown`], // prettier-ignore
      ['releases that no grant allows', did.notAllowed],
    ]),
    await table(['person', 'could: subjects', 'did: subjects', 'releases', 'records', 'unknown'], people),
    await table(
      ['', 'person', 'grant', 'sessions', 'fields', 'from', 'until', 'records', 'outcome'],
      rows.map(cellsOf),
    ),
    ...(next === null ? [] : [`more rows: --after ${next}, or all of them with --csv`]),
  ].join('\n\n');
}

function cellsOf(row: ExposureRow): unknown[] {
  const head = [row.kind, row.person, row.grant];
  if (row.kind === 'did') {
    const outcome = row.allowed ? row.outcome : `${row.outcome}, NOT ALLOWED`;
    return [...head, row.session, row.fields.join(' '), placeText(row), '', row.records, outcome];
  }
  const sessions = row.sessions.map(({ session }) => session).join(' ');
  return [...head, sessions, row.fields.join(' '), placeText(row.since), row.until === null ? 'still' : placeText(row.until), '', '']; // prettier-ignore
}

const placeText = ({ position, at }: { position: number | null; at: number }) =>
  position === null ? timeText(at) : `${position}, ${timeText(at)}`;

const csvColumns = ['kind', 'person', 'subject', 'session', 'field', 'grant', 'from_position', 'from_time', 'until_position', 'until_time', 'records', 'outcome', 'allowed']; // prettier-ignore
/** RFC 4180: lines end in CR LF. */
export const csvHead = `${csvColumns.join()}\r\n`;

/** A line for each person, subject, session and field. `records` is of the whole release, on each of its lines. */
export const csvOf = (rows: readonly ExposureRow[]): string =>
  rows
    .flatMap((row) => linesOf(row))
    .map((cells) => `${cells.map(quoted).join()}\r\n`)
    .join('');

function linesOf(row: ExposureRow): unknown[][] {
  const { person, grant } = row;
  if (row.kind === 'did') {
    const { subject, session, fields, position, at, records, outcome, allowed } = row;
    return fields.map((field) => ['did', person, subject, session, field, grant, position, timeText(at), null, null, records, outcome, allowed]); // prettier-ignore
  }
  const { sessions, fields, since, until } = row;
  const when = [since.position, timeText(since.at), until?.position, until === null ? null : timeText(until.at)];
  return sessions.flatMap(
    ({ session, subject }) =>
    fields.map((field) => ['could', person, subject, session, field, grant, ...when, null, until === null ? 'still' : 'ended', null]), // prettier-ignore
  );
}

/** What a spreadsheet would calculate is text here. */
function quoted(cell: unknown): string {
  const text = visible(String(cell ?? ''));
  const harmless = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
