import { svgOf } from './timeline-svg.js';
import type { TimelineEntry } from './timeline.js';

const at = Date.UTC(2026, 0, 31, 9);
const entry = (position: number, type: string, more: Partial<TimelineEntry> = {}) =>
  ({ position, at, type, by: 'eve', ...more }) as TimelineEntry;

it('a timeline as a picture has a row an entry and an arc from what each follows from, where that is shown', () => {
  const svg = svgOf([
    entry(4, 'request.made', { request: 'g1', subject: 's1' as never }),
    entry(9, 'request.approved', { request: 'g1', from: 4 }),
    entry(12, 'disclosure.made', { request: 'g1', from: 9 }),
    entry(20, 'grant.revoked', { from: 3 }),
  ]);
  expect(svg.match(/<circle/g)).toHaveLength(4);
  expect(svg.match(/marker-end/g)).toHaveLength(2);
  expect(svg).toContain('2026-01-31T09:00:00.000Z');
  expect(svg).toMatch(/>4 {2}request\.made {2}by eve {2}about s1 {2}g1</);
  expect(svg).toMatch(/class="read"[^]*class="stopped"/);
});

it('holds no mark-up of an id, and nothing that is fetched or run', () => {
  const svg = svgOf([entry(1, 'request.made', { by: '</text><script>alert(1)</script>\u0000&' as never })]);
  expect(svg).not.toMatch(/<script|<\/text><script/);
  expect(svg).toContain('&lt;script&gt;alert(1)&lt;/script&gt;_&amp;');
  expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|href|url\((?!#)/);
});
