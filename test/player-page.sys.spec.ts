import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asciicast } from '../src/capture/formats/asciicast.js';
import type { Format, Parts } from '../src/capture/formats/format.js';
import { rrweb } from '../src/capture/formats/rrweb.js';
import { recordings } from '../src/capture/formats/all-recordings.spec.js';
import { playerPage } from '../src/cli/player-page.js';
import { fieldNames, type FieldName } from '../src/log/fields.js';
import { openChromium, watched, type Watched } from './chromium.js';

/** A recording as one page, in a real browser: it plays, what was not granted is not in it, and nothing leaves it. */
let chromium: Awaited<ReturnType<typeof openChromium>>;
beforeAll(async () => (chromium = await openChromium()));
afterAll(() => chromium?.close());

const address = 'https://page.example/';
async function withPage(html: string, look: (watch: Watched) => Promise<void>): Promise<void> {
  if (chromium === undefined) return; // said once, by openChromium; REQUIRE_BROWSER=1 makes it an error
  const context = await chromium.browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 } });
  try {
    const watch = await watched(await context.newPage());
    await watch.page.route(address, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }));
    await watch.page.goto(address, { waitUntil: 'domcontentloaded' });
    await look(watch);
  } finally {
    await context.close();
  }
}

const masked = (format: Format, bytes: Uint8Array, granted: readonly FieldName[]) => {
  const records = format.cut(bytes, 0);
  const only = (parts: Parts): Parts =>
    Object.fromEntries(Object.entries(parts).filter(([field]) => granted.includes(field as FieldName)));
  const events = format.mask(
    records.map(({ time, data }, sequence) => ({ sequence, time, parts: only(format.decompose(data)) })),
  );
  return { format, events, count: records.length };
};
const pageOf = async (format: Format, bytes: Uint8Array, granted: readonly FieldName[] = fieldNames) =>
  (await playerPage('a <session>', masked(format, bytes, granted))) as string;
const one = (format: string) => recordings.find((recording) => recording.format === format)?.bytes() as Uint8Array;

it('a page of rrweb plays with its own controls, and asks nobody for anything', async () => {
  await withPage(await pageOf(rrweb, one('rrweb')), async ({ page, faults }) => {
    const elements = () => page.frameLocator('#stage iframe').locator('*').count();
    await page.locator('#seek').evaluate((seek) => {
      const slider = seek as unknown as { value: string; max: string; dispatchEvent(event: unknown): void };
      slider.value = slider.max;
      slider.dispatchEvent(new (globalThis as unknown as { Event: new (type: string) => unknown }).Event('input'));
    });
    expect(await elements()).toBeGreaterThan(10);
    await page.locator('#toggle').click();
    expect(await page.locator('#toggle').textContent()).toBe('Pause');
    expect(await page.locator('h1').textContent()).toBe('a <session>');
    expect(faults).toEqual([]);
  });
}, 60_000);

it('a page of asciicast shows the terminal, and asks nobody for anything', async () => {
  const cast = Buffer.from(
    [{ version: 2, width: 40, height: 5 }, [0.01, 'o', 'hello </script><b> terminal'], [0.02, 'i', 'secret']]
      .map((line) => JSON.stringify(line))
      .join('\n') + '\n',
  );
  await withPage(await pageOf(asciicast, cast), async ({ page, faults }) => {
    await page.locator('.ap-player').click();
    await page.locator('.ap-player').getByText('hello </script><b> terminal').waitFor();
    expect(faults).toEqual([]);
  });
}, 60_000);

it('what a page tries all the same is stopped by its own policy', async () => {
  const page = await pageOf(rrweb, one('rrweb'));
  const tried = '<script>globalThis.ran = 1</script><img src="https://example.org/a.png">';
  const html = page.replace(/<\/body>\s*<\/html>\s*$/, `${tried}</body></html>`);
  await withPage(html, async ({ page, faults }) => {
    const told = () => faults.filter((fault) => fault.includes('Content Security Policy')).length;
    while (told() < 2) await page.waitForEvent('console');
    expect(await page.evaluate(() => (globalThis as unknown as { ran?: number }).ran)).toBeUndefined();
    expect(faults.filter((fault) => fault.startsWith('request'))).toEqual([]);
  });
}, 60_000);

it.each([
  ['sign-up.rrweb.json', rrweb],
  ['shell.cast', asciicast],
] as const)('of %s no secret is in the page that was not granted', async (file, format) => {
  const bytes = readFileSync(join('examples', file));
  const planted = (JSON.parse(readFileSync('examples/canaries.json', 'utf8')) as { canary: string; file: string }[])
    .filter((one) => one.file.endsWith(file))
    .map(({ canary }) => canary);
  const [masked, whole] = [await pageOf(format, bytes, ['kind']), await pageOf(format, bytes)];
  expect(planted.filter((canary) => masked.includes(canary))).toEqual([]);
  // The search finds those that a player shows.
  expect(planted.some((canary) => whole.includes(canary))).toBe(true);
});

it('there is no page for a format that nobody has a player for', async () => {
  const format = { ...asciicast, name: 'mouse-csv' };
  expect(await playerPage('x', { format, events: [], count: 0 })).toBeUndefined();
});
