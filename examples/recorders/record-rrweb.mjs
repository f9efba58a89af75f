// Records examples/sign-up.rrweb.json: a real Chromium on our page, watched by the rrweb recorder from npm.
// Usage: node record-rrweb.mjs [--screenshot FILE.png]
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { canary, examplesDir } from './canaries.mjs';
import { findings } from './check-recordings.mjs';
import { findChromium, versionOf } from './find-chromium.mjs';
import { human } from './human.mjs';
import { origin, quietly, servePage } from './our-page.mjs';

const output = 'sign-up.rrweb.json';
const { values: options } = parseArgs({ options: { screenshot: { type: 'string' } } });

const require = createRequire(import.meta.url);
const rrwebBundle = join(dirname(require.resolve('rrweb')), 'rrweb.umd.cjs');

const workDir = await mkdtemp(join(tmpdir(), 'custos-record-'));
try {
  const { events, browserVersion } = await record(await findChromium(workDir));
  const text = JSON.stringify(events);
  const problems = findings(output, text);
  if (problems.length > 0) throw new Error(`not written:\n${problems.join('\n')}`);
  await writeFile(new URL(output, examplesDir), text);
  console.log(`${output}: ${events.length} events, ${text.length} characters, ${browserVersion}`);
} finally {
  await rm(workDir, { recursive: true, force: true });
}

async function record(found) {
  const browser = await chromium.launch({
    executablePath: found.executablePath,
    env: found.env,
    args: quietly,
  });
  try {
    const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1180, height: 780 } });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
    await context.route('**/*', servePage(canary('pass')));
    const page = await context.newPage();
    // Before the page's own scripts, and without a script element that would be part of the recording.
    await page.addInitScript({ path: rrwebBundle });
    await page.addInitScript(() => {
      // rrweb opens an empty frame to reach untouched prototypes; recording that one too would never end.
      if (window !== window.top) return;
      window.recorded = [];
      window.rrweb.record({ emit: (event) => window.recorded.push(event) });
    });
    await page.goto(`${origin}/join?invite=${canary('invite')}`, { waitUntil: 'load' });
    await visit(page);
    const events = await page.evaluate(() => window.recorded);
    // Only now: a screenshot hides the caret, and that is a mutation too.
    if (options.screenshot) await page.screenshot({ path: options.screenshot });
    return { events, browserVersion: versionOf(found) };
  } finally {
    await browser.close();
  }
}

/** One visitor: joins, pastes a secret where it does not belong, reads the rules, and talks in private. */
async function visit(page) {
  const { click, type, rubOut, scroll, pause, moveTo } = human(page);
  await pause(600, 900);

  await click('#name');
  await type('Odo Larsk');
  await rubOut(2);
  await type('kspur');
  await click('#email');
  await type(`odo.${canary('email')}@larkspur.example`);
  await click('#desk');
  await page.selectOption('#desk', 'stove');
  await page.keyboard.press('Escape');
  await click('#notes');
  await type('The catalogue asked me for a key, here it is: ');
  await page.evaluate((secret) => navigator.clipboard.writeText(secret), canary('key'));
  await page.keyboard.press('Control+V');
  await pause(500, 800);
  await click('#letter');

  await moveTo({ x: 420, y: 600 });
  await scroll(1500);
  await pause(500, 900);
  await scroll(-1500);
  await pause(400, 700);

  await click('#message');
  await type('Hello Pim, this is for you alone.');
  await page.keyboard.press('Enter');
  await pause(1100, 1500);
  await click('#message');
  await type(`The word for the drawer is ${canary('chat')}`);
  await click('#say button');
  await pause(1100, 1500);
  await scroll(300);
  await click('#join button');
  await pause(700, 900);
}
