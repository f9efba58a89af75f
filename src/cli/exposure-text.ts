import { exposureColumns, exposureLines } from './exposure-lines.js';
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
    ...(next === null ? [] : [`more rows: --after ${next}, or all of them with --csv or --parquet`]),
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

/** RFC 4180: lines end in CR LF. */
export const csvHead = `${exposureColumns.map(({ name }) => name).join()}\r\n`;

export const csvOf = (rows: readonly ExposureRow[]): string =>
  rows
    .flatMap((row) => exposureLines(row))
    .map(
      (line) =>
        `${exposureColumns.map(({ name, type }) => quoted(type === 'TIMESTAMP' && line[name] !== null ? timeText(Number(line[name])) : line[name])).join()}\r\n`,
    )
    .join('');

/** What a spreadsheet would calculate is text here. */
function quoted(cell: unknown): string {
  const text = visible(String(cell ?? ''));
  const harmless = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
