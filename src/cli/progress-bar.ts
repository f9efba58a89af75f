import type { Globals } from './globals.js';

/** On a terminal that a person watches; undefined elsewhere and with `--json`. */
export async function progressBar(total: number, unit: string, { json }: Pick<Globals, 'json'>) {
  if (json || !process.stderr.isTTY) return undefined;
  const { default: progress } = await import('cli-progress');
  const bar = new progress.SingleBar({ format: `{bar} {value}/{total} ${unit}, {eta_formatted} left` });
  bar.start(total, 0);
  return bar;
}
