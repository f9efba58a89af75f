import { createHash } from 'node:crypto';
import { escaped } from '../escaped.js';
import type { ExposureRow } from '../exposure-rows.js';
import { isoTime } from '../iso-time.js';
import type { About } from './about.js';
import type { Reports } from './reports.js';

/** Past this a table in a browser helps nobody; the JSON beside it has every row. */
const mostRowsShown = 2000;

/** The report for people: one page that loads nothing and runs nothing, whatever it says. */
export function bundleHtml(about: About, reports: Reports): string {
  const { incident, exposure, diff, timeline, policies } = reports;
  const { could, did, persons } = exposure.summary;
  const csp = `default-src 'none'; style-src 'sha256-${sha256(style)}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${csp}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(incident.title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(incident.title)}</h1>
<p>${escaped(incident.reason)}</p>
${listing([
  ['incident', `${incident.incident}, opened by ${incident.by} at ${time(incident.at)}`],
  ['in question', `from ${place(exposure.from)} to ${place(exposure.to)}`],
  ['log', `${about.origin}, the first ${about.size} entries; every one from position ${about.completeFrom} on is here`],
  [
    'decided',
    incident.closed === undefined
      ? 'not closed'
      : `${incident.closed.decision} (${incident.closed.by}, ${time(incident.closed.at)})`,
  ],
])}
<h2>Exposed</h2>
${listing([
  ['could read', `${could.persons} persons, of ${could.subjects} subjects, in ${could.sessions} sessions`],
  [
    'did read',
    `${did.persons} persons, of ${did.subjects} subjects, in ${did.sessions} sessions: ${did.records} records`,
  ],
  [
    'releases',
    `${did.delivered} delivered, ${did.broken_off} broken off, ${did.failed} failed, ${did.unknown} unknown (counted as exposed)`,
  ],
  ['releases that no grant allows', String(did.notAllowed)],
])}
${table(
  ['person', 'could: subjects', 'did: subjects', 'releases', 'records', 'unknown'],
  persons.map((one) => [one.person, one.couldSubjects, one.didSubjects, one.releases, one.records, one.unknown]),
)}
<h2>Who did read</h2>
${table(['position', 'at', 'person', 'subject', 'session', 'fields', 'records', 'outcome'], exposure.rows.flatMap(didCells))}
<h2>Who could read</h2>
${table(['person', 'subjects', 'sessions', 'fields', 'from', 'until', 'grant'], exposure.rows.flatMap(couldCells))}
<h2>What was written</h2>
${table(
  ['position', 'at', 'by', 'kind', 'text', 'about'],
  incident.notes.map((one) => [one.position, time(one.at), one.by, one.kind, one.text, one.about.join(' ')]),
)}
${table(
  ['entry', 'at', 'by', 'what', 'says'],
  incident.about.map((one) => [one.position, time(one.at), one.by, one.type, saidBy(one)]),
)}
${
  incident.findings.length === 0
    ? ''
    : `<h2>What should not stand in the log</h2>\n${table(
        ['position', 'check'],
        incident.findings.map((one) => [one.position, one.check]),
      )}`
}
<h2>What changed</h2>
${table(
  ['position', 'at', 'entry', 'by', 'changes', 'signed by'],
  diff.changes.map((one) => [
    one.position,
    time(one.at),
    one.type,
    one.by,
    one.parts.join(' '),
    one.signedBy.join(' '),
  ]),
)}
<h2>Policies</h2>
${table(
  ['in force from the first … entries', 'version', 'hash'],
  policies.map(({ since, hash, policy }) => [since, policy.version, hash]),
)}
<h2>Timeline</h2>
${table(
  ['position', 'at', 'entry', 'by', 'subject', 'follows from'],
  timeline.entries.map((one) => [one.position, time(one.at), one.type, one.by, one.subject, one.from]),
)}
<h2>Check it</h2>
<p>This page follows from the entries beside it. README.txt says how anybody checks that, and what it cannot tell.</p>
${listing([
  ['key of the log', about.logKey],
  ['trust file, SHA-256', about.trust],
])}
</body>
</html>
`;
}

function didCells(row: ExposureRow): unknown[][] {
  if (row.kind !== 'did') return [];
  const outcome = row.allowed ? row.outcome : `${row.outcome}, not allowed`;
  return [
    [row.position, time(row.at), row.person, row.subject, row.session, row.fields.join(' '), row.records, outcome],
  ];
}

function couldCells(row: ExposureRow): unknown[][] {
  if (row.kind !== 'could') return [];
  const subjects = new Set(row.sessions.map(({ subject }) => subject)).size;
  const until = row.until === null ? 'still' : time(row.until.at);
  return [[row.person, subjects, row.sessions.length, row.fields.join(' '), time(row.since.at), until, row.grant]];
}

function saidBy({ says }: Reports['incident']['about'][number]): string {
  if (says === undefined) return '';
  if ('probed' in says) return `${says.open} of ${says.probed} can open`;
  const wrong = says.items.filter(({ ok }) => !ok).map(({ item }) => item);
  return says.ok ? 'all is well' : `wrong: ${wrong.join(', ')}`;
}

function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  if (rows.length === 0) return '<p class="none">none</p>';
  const cells = (row: readonly unknown[], tag: 'td' | 'th') =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(String(cell ?? ''))}</${tag}>`).join('')}</tr>`;
  const body = rows.slice(0, mostRowsShown).map((row) => cells(row, 'td'));
  const more = rows.length - body.length;
  const rest = more === 0 ? '' : `\n<p>and ${more} more, in the JSON file</p>`;
  return `<table>\n<thead>${cells(head, 'th')}</thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table>${rest}`;
}

const listing = (pairs: readonly (readonly [string, string])[]) =>
  `<dl>${pairs.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>`;

const time = (at: number) => (at === 0 ? 'the beginning' : isoTime(at));
const place = ({ position, at }: { position: number; at: number }) => `the first ${position} entries (${time(at)})`;
const sha256 = (content: string) => createHash('sha256').update(content).digest('base64');

const style =
  'body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#1a1a1a;background:#fff}' +
  'table{border-collapse:collapse;margin:.5rem 0;font-size:.85rem}th,td{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #ddd;vertical-align:top;overflow-wrap:anywhere}' +
  'dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:#555}dd{margin:0;overflow-wrap:anywhere}.none{color:#555}';
