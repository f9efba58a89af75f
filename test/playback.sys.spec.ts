import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { recordings } from '../src/capture/formats/all-recordings.spec.js';
import type { Json, MaskedRecord, Parts } from '../src/capture/formats/format.js';
import { rrweb } from '../src/capture/formats/rrweb.js';
import { fieldNames, type FieldName } from '../src/log/fields.js';
import { openChromium, watched, type Watched } from './chromium.js';
import { sealingForBrowsers } from './sealing-for-browsers.js';

/** Masked recordings, and the sealing part, in a real browser. */
let chromium: Awaited<ReturnType<typeof openChromium>>;
beforeAll(async () => (chromium = await openChromium()));
afterAll(() => chromium?.close());
const inBrowser = (title: string, work: (open: () => Promise<Watched>) => Promise<void>) =>
  it(title, async () => {
    if (chromium === undefined) return; // said once, by openChromium; REQUIRE_BROWSER=1 makes it an error
    const { browser } = chromium;
    const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 } });
    try {
      await work(async () => watched(await context.newPage()));
    } finally {
      await context.close();
    }
  });

const player = join(process.cwd(), 'node_modules/@rrweb/replay/dist/replay.umd.min.cjs');
const playerCode = readFileSync(player, 'utf8');
interface Played {
  readonly elements: number;
  readonly text: string;
}

/** In the page: plays all of it at once, as far as its last event, and says what stands there then. */
const playThere = `globalThis.playHere = (events) => {
  document.body.innerHTML = '';
  const options = { root: document.body, speed: 1, showWarning: false, mouseTail: false };
  const replayer = new rrwebReplay.Replayer(events, options);
  replayer.pause(replayer.getMetaData().totalTime + 1);
  const shown = replayer.iframe.contentDocument;
  const told = { elements: shown.querySelectorAll('*').length, text: shown.documentElement?.outerHTML ?? '' };
  replayer.destroy();
  return told;
};`;
const play = (page: Page, events: readonly Json[]): Promise<Played> =>
  page.evaluate(
    (given) => (globalThis as unknown as { playHere(events: unknown): Played }).playHere(given),
    events as unknown[],
  );

const masked = (parts: readonly Parts[], times: readonly number[], granted: readonly FieldName[]): Json[] =>
  rrweb.mask(
    parts.map((one, sequence): MaskedRecord => ({
      sequence,
      time: times[sequence] as number,
      parts: Object.fromEntries(Object.entries(one).filter(([field]) => granted.includes(field as FieldName))),
    })),
  );

const pages = recordings.filter(({ format }) => format === 'rrweb');
describe.each(pages)('$file', ({ bytes }) => {
  inBrowser('plays, masked to each field alone, to none and to all, and asks nobody for anything', async (open) => {
    const records = rrweb.cut(bytes(), 0);
    const parts = records.map(({ data }) => rrweb.decompose(data));
    const times = records.map(({ time }) => time);
    // A field that no record has leaves what none leaves.
    const present = fieldNames.filter((field) => parts.some((one) => one[field] !== undefined));
    const cases: readonly (readonly FieldName[])[] = [[], ...present.map((field) => [field]), fieldNames];
    const { page, faults } = await open();
    await page.setContent('<!doctype html><body></body>');
    await page.addScriptTag({ content: `${playerCode};${playThere}` });
    const played = new Map<string, Played>();
    for (const granted of cases) {
      const events = masked(parts, times, granted);
      const name = granted.length === fieldNames.length ? 'all' : granted.join() || 'none';
      if (events.length > 1) played.set(name, await play(page, events));
      expect({ masked: name, faults }).toEqual({ masked: name, faults: [] });
    }
    // It did play: the page is there, and its text only where that was granted.
    expect(played.get('all')?.elements).toBeGreaterThan(10);
    expect(played.get('screen')?.elements).toBeGreaterThan(10);
  });
});

describe('the watch over a page', () => {
  inBrowser('tells an error, a line on the console and a request', async (open) => {
    const { page, faults } = await open();
    await page.setContent(
      '<!doctype html><img src="https://example.org/a.png"><script>console.error("b"); throw new Error("c")</script>',
    );
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(
      expect.arrayContaining(['request', 'console', 'page error']),
    );
  });
});

inBrowser('the sealing part seals in a page, and leaves it without a request', async (open) => {
  const { page, faults } = await open();
  await page.route('https://page.example/', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
  );
  await page.goto('https://page.example/');
  await page.addScriptTag({ content: (await sealingForBrowsers()).code });
  const asked = {
    ...{ origin: 'custos.example/page', session: 'page', subject: 's1' },
    catalogue: { version: 1, fields: ['time', 'typed'] },
    subjectKey: { keyId: 'k1', publicKey: [...new Uint8Array(32).fill(9)] },
    seed: [...new Uint8Array(32).fill(7)],
    records: [{ sequence: 0, time: 1000, parts: { typed: 'größer' } }],
  };
  const sealed = await page.evaluate(
    (given) => (globalThis as unknown as { sealHere(asked: unknown): Promise<unknown> }).sealHere(given),
    asked,
  );
  expect(sealed).toMatchObject({
    batches: [{ count: 1, columns: [{ field: 'time' }, { field: 'typed' }] }],
    rejected: [],
  });
  expect(JSON.stringify(sealed)).not.toContain('größer');
  expect(faults).toEqual([]);
});
