import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pico from 'picocolors';
import type { Canary } from './recordings.js';
import { setStage, type Stage } from './stage.js';
import { teller, type Told } from './told.js';

/** What is played in front of whoever typed `npm run NAME`. */
export interface Performance<F extends object> {
  readonly name: string;
  /** Said first. */
  readonly opening: string;
  readonly canaries: readonly Canary[];
  /** @throws at the first step that does not hold. */
  readonly play: (stage: Stage, told: Told) => Promise<F>;
  readonly closing: (figures: F, seconds: number) => string;
}

export interface Staging {
  /** Keeps the folder with the vault's data, and says where it is. */
  readonly keep: boolean;
  /** One JSON object instead of the story. */
  readonly json: boolean;
}

/** Plays it on a service and a folder of its own. Returns the exit code: 0 only if every step held. */
export async function perform<F extends object>(
  { name, opening, canaries, play, closing }: Performance<F>,
  { keep, json }: Staging,
): Promise<number> {
  const begun = performance.now();
  let silent = json;
  const say = (line: string) => void (silent || process.stdout.write(`${line}\n`));
  const folder = await mkdtemp(join(tmpdir(), `custos-${name}-`));
  // As root, PostgreSQL runs as another user and must pass through; what lies inside is closed by itself.
  await chmod(folder, 0o711);
  await mkdir(join(folder, 'scratch'), { mode: 0o700 });
  const told = teller(say);
  const stage = setStage(folder, canaries, told);
  say(pico.dim(opening));
  try {
    const figures = await Promise.race([play(stage, told), interrupted()]);
    const seconds = Math.round(performance.now() - begun) / 1000;
    if (json) printJson({ ok: true, ...figures, seconds, steps: told.steps });
    say(`\n${closing(figures, seconds)}\n${pico.green('Every step held.')}`);
    return 0;
  } catch (error) {
    silent = true; // what the end of the service breaks now is no news
    const failed = error instanceof Interrupted ? 'interrupted' : (told.steps.at(-1)?.step ?? 'start');
    if (json) printJson({ ok: false, failed, steps: told.steps });
    if (error instanceof Interrupted) return error.exitCode;
    process.stderr.write(`\n${pico.red(`The ${name} failed at: ${failed}`)}\n`);
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
