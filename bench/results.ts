import { appendFile, mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { differenceTo, readReference } from './reference.js';
import type { Measure, PresetName } from './scenario.js';

export const resultsFolder = join(import.meta.dirname, 'results');

/** One measure, with when and where. */
export interface Result {
  readonly scenario: string;
  readonly measure: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline: number | null;
  readonly ratio: number | null;
  readonly against?: string;
  readonly preset: PresetName;
  readonly date: string;
  readonly node: string;
  readonly cores: number;
}

/** One JSON line a measure: on standard output, and with when and where in `results/`. */
export async function publish(
  scenario: string,
  preset: PresetName,
  measures: readonly Measure[],
): Promise<readonly Result[]> {
  const where = { preset, date: new Date().toISOString(), node: process.version, cores: availableParallelism() };
  const results = measures.map(({ measure, value, unit, against }) => ({
    scenario,
    measure,
    value: rounded(value),
    unit,
    baseline: against === undefined ? null : rounded(against.value),
    ratio: against === undefined ? null : rounded(value / against.value),
    ...(against === undefined ? {} : { against: against.name }),
    ...where,
  }));
  const reference = await readReference();
  for (const { preset: _preset, date: _date, node: _node, cores: _cores, ...line } of results) {
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
  for (const result of results) {
    const difference = differenceTo(reference, result);
    if (difference !== undefined) process.stderr.write(`  ${difference}\n`);
  }
  await mkdir(resultsFolder, { recursive: true });
  await appendFile(join(resultsFolder, `${scenario}.jsonl`), results.map((one) => `${JSON.stringify(one)}\n`).join(''));
  return results;
}

/** Four digits: more would only pretend. */
const rounded = (value: number): number => Number(value.toPrecision(4));
