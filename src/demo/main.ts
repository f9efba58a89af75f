#!/usr/bin/env node
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pico from 'picocolors';
import { readCanaries } from './recordings.js';
import { figuresTable } from './report.js';
import { setStage } from './stage.js';
import { playStory } from './story.js';
import { teller } from './told.js';

const usage = `Usage: npm run demo [-- --keep] [-- --json]
  --keep  keep the folder with the vault's data, and say where it is
  --json  print one JSON object instead of the story
`;

async function demo({ keep, json }: { keep: boolean; json: boolean }): Promise<number> {
  const begun = performance.now();
  let silent = json;
  const say = (line: string) => void (silent || process.stdout.write(`${line}\n`));
  const folder = await mkdtemp(join(tmpdir(), 'custos-demo-'));
  // As root, PostgreSQL runs as another user and must pass through; what lies inside is closed by itself.
  await chmod(folder, 0o711);
  await mkdir(join(folder, 'scratch'), { mode: 0o700 });
  const told = teller(say);
  const stage = setStage(folder, await readCanaries(), told);
  say(pico.dim('Everyone in these recordings is invented, and so is every secret.'));
  try {
    const figures = await Promise.race([playStory(stage, told), interrupted()]);
    const seconds = Math.round(performance.now() - begun) / 1000;
    if (json) printJson({ ok: true, ...figures, seconds, steps: told.steps });
    say(`\n${figuresTable(figures, seconds)}\n${pico.green('Every step held.')}`);
    return 0;
  } catch (error) {
    silent = true; // what the end of the service breaks now is no news
    const failed = error instanceof Interrupted ? 'interrupted' : (told.steps.at(-1)?.step ?? 'start');
    if (json) printJson({ ok: false, failed, steps: told.steps });
    if (error instanceof Interrupted) return error.exitCode;
    process.stderr.write(`\n${pico.red(`The demo failed at: ${failed}`)}\n`);
    if (process.env['CUSTOS_DEBUG'] !== undefined)
      process.stderr.write(`${(error as Error).stack}\n${stage.service.output}\n`);
    return 1;
  } finally {
    await stage.service.end();
    if (keep) process.stderr.write(`The folder is kept: ${folder}\n`);
    else await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Interrupted extends Error {
  constructor(readonly exitCode: number) {
    super('interrupted');
  }
}

/** Rejects on Ctrl-C, so that what was started is ended. A second signal does not wait. */
function interrupted(): Promise<never> {
  return new Promise((_resolve, reject) => {
    for (const [signal, number] of [
      ['SIGINT', 2],
      ['SIGTERM', 15],
      ['SIGHUP', 1],
    ] as const) {
      process.once(signal, () => reject(new Interrupted(128 + number)));
    }
  });
}

const printJson = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`);

function options(): { keep: boolean; json: boolean } | undefined {
  try {
    const { values } = parseArgs({ options: { keep: { type: 'boolean' }, json: { type: 'boolean' } } });
    return { keep: values.keep === true, json: values.json === true };
  } catch {
    return undefined;
  }
}

const chosen = options();
if (chosen === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  // No process.exit: what was printed may still be on its way into a pipe.
  void demo(chosen).then((code) => (process.exitCode = code));
}
