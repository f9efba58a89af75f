import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Result } from './results.js';

/** The results that are committed, of a machine that did nothing else: what a change is compared with. */
const file = join(import.meta.dirname, 'results/reference.jsonl');

/** By what was measured: one result for each. Empty where there is no reference yet. */
export type Reference = ReadonlyMap<string, Result>;

const keyOf = ({ scenario, preset, measure, against }: Result): string =>
  JSON.stringify([scenario, preset, measure, against]);

export async function readReference(): Promise<Reference> {
  const lines = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as { code?: string }).code === 'ENOENT') return '';
    throw error;
  });
  const results = lines.split('\n').filter((line) => line !== '');
  return new Map(results.map((line) => JSON.parse(line) as Result).map((one) => [keyOf(one), one]));
}

/** Takes these results' places in the reference, and leaves all others. */
export async function keepAsReference(results: readonly Result[]): Promise<void> {
  const all = new Map([...(await readReference()), ...results.map((one) => [keyOf(one), one] as const)]);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, [...all.values()].map((one) => `${JSON.stringify(one)}\n`).join(''));
}

/** Undefined where the reference does not have it. Its ratio says more than its figure, on another machine. */
export function differenceTo(reference: Reference, result: Result): string | undefined {
  const before = reference.get(keyOf(result));
  if (before === undefined) return undefined;
  const ratio = result.ratio === null || before.ratio === null ? '' : `; ratio ${result.ratio}, was ${before.ratio}`;
  return `${result.measure}: ${result.value} ${result.unit}, was ${before.value}${ratio}`;
}
