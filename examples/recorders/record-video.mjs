// Records examples/desk.webm: the screen of a real Chromium on our page, as its own MediaRecorder writes it.
// Usage: node record-video.mjs
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { examplesDir } from './canaries.mjs';
import { findings } from './check-recordings.mjs';
import { findChromium, versionOf } from './find-chromium.mjs';
import { human } from './human.mjs';
import { origin, quietly, servePage } from './our-page.mjs';

const output = 'desk.webm';
const size = { width: 720, height: 480 };
const bitsPerSecond = 120_000;

const workDir = await mkdtemp(join(tmpdir(), 'custos-record-'));
try {
  const { video, browserVersion } = await record(await findChromium(workDir));
  const problems = findings(output, video.toString('latin1'));
  if (problems.length > 0) throw new Error(`not written:\n${problems.join('\n')}`);
  await writeFile(new URL(output, examplesDir), video);
  console.log(`${output}: ${video.length} bytes, ${browserVersion}`);
} finally {
  await rm(workDir, { recursive: true, force: true });
}

async function record(found) {
  // Root may have no sandbox; the page is ours.
  const noSandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ ...found, args: [...quietly, ...noSandbox] });
  try {
    const recorder = await startRecorder(await browser.newPage());
    const context = await browser.newContext({ locale: 'en-US', viewport: size });
    await context.route('**/*', servePage('guest-0000'));
    const page = await context.newPage();
    // The headless shell shares no screen with a page, but shows each frame of it to whoever drives it.
    const screen = await context.newCDPSession(page);
    screen.on('Page.screencastFrame', async ({ data, sessionId }) => {
      await recorder.show(data);
      await screen.send('Page.screencastFrameAck', { sessionId }).catch(() => undefined);
    });
    await page.goto(`${origin}/join`, { waitUntil: 'load' });
    await screen.send('Page.startScreencast', {
      format: 'jpeg',
      quality: 90,
      maxWidth: size.width,
      maxHeight: size.height,
    });
    await visit(page);
    await screen.send('Page.stopScreencast');
    return { video: await recorder.stop(), browserVersion: versionOf(found) };
  } finally {
    await browser.close();
  }
}

/** A page with a canvas, on which each frame is drawn, and a MediaRecorder that watches it. */
async function startRecorder(page) {
  await page.evaluate(
    ({ width, height, bitsPerSecond: videoBitsPerSecond }) => {
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      const pieces = [];
      const recorder = new MediaRecorder(canvas.captureStream(10), { mimeType: 'video/webm;codecs=vp8', videoBitsPerSecond }); // prettier-ignore
      recorder.ondataavailable = ({ data }) => pieces.push(data);
      const stopped = new Promise((resolve) => (recorder.onstop = resolve));
      const draw = canvas.getContext('2d');
      window.show = async (jpeg) => {
        const frame = await createImageBitmap(await (await fetch(`data:image/jpeg;base64,${jpeg}`)).blob());
        draw.drawImage(frame, 0, 0, width, height);
        if (recorder.state === 'inactive') recorder.start();
      };
      window.stop = async () => {
        recorder.stop();
        await stopped;
        const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
        return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
      };
    },
    { ...size, bitsPerSecond },
  );
  return {
    show: (jpeg) => page.evaluate((one) => window.show(one), jpeg),
    stop: async () => Buffer.from(await page.evaluate(() => window.stop()), 'base64'),
  };
}

/** One visitor, for some six seconds: a name, a rubbed out letter, a look further down. */
async function visit(page) {
  const { click, type, rubOut, scroll, pause } = human(page);
  await pause(400, 600);
  await click('#name');
  await type('Bettany Mosd');
  await rubOut(1);
  await type('s');
  await scroll(600);
  await pause(600, 900);
}
