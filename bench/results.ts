import { appendFile, mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Measure, PresetName } from './scenario.js';

const folder = join(import.meta.dirname, 'results');

/** One JSON line a measure: on standard output, and with when and where in `results/`. */
export async function publish(scenario: string, preset: PresetName, measures: readonly Measure[]): Promise<void> {
  const lines = measures.map(({ measure, value, unit, against }) => ({
    scenario,
    measure,
    value: rounded(value),
    unit,
    baseline: against === undefined ? null : rounded(against.value),
    ratio: against === undefined ? null : rounded(value / against.value),
    ...(against === undefined ? {} : { against: against.name }),
  }));
  for (const line of lines) process.stdout.write(`${JSON.stringify(line)}\n`);
  const where = { preset, date: new Date().toISOString(), node: process.version, cores: availableParallelism() };
  await mkdir(folder, { recursive: true });
  await appendFile(
    join(folder, `${scenario}.jsonl`),
    lines.map((line) => `${JSON.stringify({ ...line, ...where })}\n`).join(''),
  );
}

/** Four digits: more would only pretend. */
const rounded = (value: number): number => Number(value.toPrecision(4));
