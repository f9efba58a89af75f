import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { findChromium } from '../examples/recorders/find-chromium.mjs';

/**
 * One real browser, for the tests that need one; undefined where there is none, which is said, and is an error where
 * REQUIRE_BROWSER is 1. CHROMIUM_PATH, an installed one, or the one that comes with npm (Linux x64).
 */
export async function openChromium(): Promise<{ browser: Browser; close(): Promise<void> } | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'custos-chromium-'));
  const leave = () => rm(folder, { recursive: true, force: true });
  try {
    const { executablePath, env } = await findChromium(folder);
    // No sandbox in the sandbox of a test: root may have none. No name resolves, whatever a page asks for.
    const args = ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND'];
    const browser = await chromium.launch({ executablePath, env, args });
    return { browser, close: () => browser.close().finally(leave) };
  } catch (error) {
    await leave();
    if (process.env['REQUIRE_BROWSER'] === '1') throw error;
    process.stderr.write('skipped: no Chromium that starts; CHROMIUM_PATH names one\n');
    return undefined;
  }
}

/** A page, and everything that went wrong in it or left it. */
export interface Watched {
  readonly page: Page;
  readonly faults: string[];
}
export async function watched(page: Page): Promise<Watched> {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`page error: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && faults.push(`console: ${message.text()}`));
  await page.route('**/*', (route) => {
    faults.push(`request: ${route.request().url().slice(0, 100)}`);
    return route.abort();
  });
  return { page, faults };
}
