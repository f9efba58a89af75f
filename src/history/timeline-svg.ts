import { escaped } from './escaped.js';
import { isoTime } from './iso-time.js';
import type { TimelineEntry } from './timeline.js';

const rowHeight = 26;
const top = 34;
const lineAt = 210;
const textAt = 330;
const width = 1100;
/** Arrows that end at neighbouring entries leave the line at different distances. */
const laneWidth = 12;
const lanes = 8;

/**
 * A picture of a timeline: a row an entry, in order, and an arc from what each follows from. Self-contained SVG 1.1, with
 * no script and nothing from outside; ids only, each escaped.
 */
export function svgOf(entries: readonly TimelineEntry[]): string {
  const rows = new Map(entries.map(({ position }, index) => [position as number, index]));
  const height = top + entries.length * rowHeight + 12;
  const y = (row: number) => top + row * rowHeight;
  const arcs = entries.flatMap(({ from }, row) => {
    const source = from === undefined ? undefined : rows.get(from);
    if (source === undefined) return [];
    const x = lineAt + 20 + (row % lanes) * laneWidth;
    return [`<path d="M${lineAt + 5} ${y(source)} H${x} V${y(row)} H${lineAt + 8}" marker-end="url(#end)"/>`];
  });
  const dots = entries.map(({ type }, row) => `<circle cx="${lineAt}" cy="${y(row)}" r="4" class="${kindOf(type)}"/>`);
  const texts = entries.flatMap(({ position, at, type, by, subject, request }, row) => [
    `<text x="${lineAt - 12}" y="${y(row) + 4}" text-anchor="end">${isoTime(at)}</text>`,
    `<text x="${textAt}" y="${y(row) + 4}">${escaped(ascii([position, type, `by ${by}`, about(subject, request)].join('  ')))}</text>`,
  ]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    '<title>Timeline</title>',
    '<style>text{font:12px ui-monospace,monospace;fill:#222}path{fill:none;stroke:#789}circle{fill:#789}.opened{fill:#2a7}.read{fill:#c60}.stopped{fill:#b02}</style>',
    '<defs><marker id="end" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0 L6 3 L0 6" style="fill:#789"/></marker></defs>',
    `<path d="M${lineAt} ${top - 12} V${height - 8}"/>`,
    ...[...arcs, ...dots, ...texts],
    '</svg>',
    '',
  ].join('\n');
}

const about = (subject?: string, request?: string) =>
  [subject && `about ${subject}`, request].filter(Boolean).join('  ');

/** What an entry did to what can be read: colours only, and the words stand beside them. */
function kindOf(type: TimelineEntry['type']): string {
  if (type === 'disclosure.made' || type === 'disclosure.completed') return 'read';
  if (type === 'request.approved' || type === 'glass.broken') return 'opened';
  return /refused|rejected|revoked|erased|lock|paused/.test(type) ? 'stopped' : 'other';
}

const ascii = (text: string) => text.replaceAll(/[^ -~]/g, '_');
