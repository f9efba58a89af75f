import type { ExposureRow } from '../history/exposure-rows.js';
import type { ExposureAnswer } from '../history/history-exposure.js';
import { csvHead, csvOf, exposureText } from './exposure-text.js';

const at = Date.UTC(2026, 0, 31, 9);
const rows = [
  { kind: 'could', person: 'eve', grant: 'g1', sessions: [{ session: 'one', subject: 's1' }, { session: 'two', subject: 's2' }], fields: ['typed', 'url'], since: { position: 4, at }, until: { position: null, at: at + 1000 } },
  { kind: 'could', person: '=cmd|"x",1', grant: 'g2', sessions: [{ session: 'one', subject: 's1' }], fields: ['url'], since: { position: 4, at }, until: null },
  { kind: 'did', position: 7, at, person: 'eve', grant: 'g1', subject: 's1', session: 'one', fields: ['url'], records: 12, outcome: 'unknown', allowed: false },
] as unknown as ExposureRow[]; // prettier-ignore

it('CSV has a line for each person, subject, session and field, and nothing that a spreadsheet calculates', () => {
  expect(csvOf(rows).split('\r\n')).toEqual([
    'could,eve,s1,one,typed,g1,4,2026-01-31T09:00:00.000Z,,2026-01-31T09:00:01.000Z,,ended,',
    'could,eve,s1,one,url,g1,4,2026-01-31T09:00:00.000Z,,2026-01-31T09:00:01.000Z,,ended,',
    'could,eve,s2,two,typed,g1,4,2026-01-31T09:00:00.000Z,,2026-01-31T09:00:01.000Z,,ended,',
    'could,eve,s2,two,url,g1,4,2026-01-31T09:00:00.000Z,,2026-01-31T09:00:01.000Z,,ended,',
    `could,"'=cmd|""x"",1",s1,one,url,g2,4,2026-01-31T09:00:00.000Z,,,,still,`,
    'did,eve,s1,one,url,g1,7,2026-01-31T09:00:00.000Z,,,12,unknown,false',
    '',
  ]);
  const columns = csvHead.trim().split(',').length;
  const [first] = csvOf(rows).split('\r\n');
  expect(first?.split(',')).toHaveLength(columns);
});

it('exposure, for people, names what should not have been, and where more is', async () => {
  const did = { persons: 1, subjects: 1, sessions: 1, records: 12, notAllowed: 1, delivered: 0, broken_off: 0, failed: 0, unknown: 1 }; // prettier-ignore
  const summary = { rows: 9, could: { persons: 2, subjects: 2, sessions: 2 }, did, persons: [] };
  const place = { position: 1, at, checkpoint: '' };
  const answer: ExposureAnswer = { from: place, to: place, ifPolicy: null, summary, rows, next: 3 };
  const text = await exposureText(answer);
  expect(text).toMatch(/releases +0 delivered, 0 broken off, 0 failed, 1 unknown/);
  expect(text).toMatch(/did.*eve.*g1.*one.*url.*7, 2026-01-31T09.*12.*unknown, NOT ALLOWED/);
  expect(text).toMatch(/still/);
  expect(text).toContain('--after 3');
});
