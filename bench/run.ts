import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startTestServer } from '../test/postgres/server.js';
import { withBench } from './bench.js';
import { keepAsReference } from './reference.js';
import { publish, type Result } from './results.js';
import { CheckFailed, type PresetName, type Scenario } from './scenario.js';

const folder = join(import.meta.dirname, 'scenarios');
const names = (await readdir(folder)).flatMap((file) => /^([a-z-]+)\.ts$/.exec(file)?.[1] ?? []).sort();

const usage = `npm run bench [-- SCENARIO…] [--quick | --full | --large] [--reference]

Without a scenario all of them run, quickly. Each checks its own results and prints one JSON line a measure; with a
wrong result it prints none and the exit code is 1. What the same measure was in bench/results/reference.jsonl stands on
standard error; --reference writes the results there, once all of a scenario's checks have held. Scenarios: ${names.join(', ')}
`;

interface Plan {
  readonly scenarios: readonly string[];
  readonly preset: PresetName;
  /** What is done with results besides publishing them. */
  readonly keep: (results: readonly Result[]) => Promise<void>;
}

function chosen(): Plan {
  const boolean = { type: 'boolean' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: boolean, full: boolean, large: boolean, reference: boolean, help: boolean },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    process.exit(0);
  }
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error('there is no such scenario');
  const preset = values.large === true ? 'large' : values.full === true ? 'full' : 'quick';
  const keep = values.reference === true ? keepAsReference : () => Promise.resolve();
  return { scenarios: positionals.length > 0 ? positionals : names, preset, keep };
}

async function runOne(name: string, { preset, keep }: Plan): Promise<boolean> {
  const { default: found } = (await import(`./scenarios/${name}.js`)) as { default: Scenario<unknown> };
  process.stderr.write(`${name}: ${found.sentence}\n`);
  try {
    const sizes = found.presets[preset] ?? found.presets.full;
    const { measures, checks } = await withBench((bench) => found.run(bench, sizes));
    await keep(await publish(name, preset, measures));
    process.stderr.write(`${name}: ${checks} checks held\n`);
    return true;
  } catch (error) {
    const what = error instanceof CheckFailed ? `this did not hold: ${error.message}` : (error as Error).stack;
    process.stderr.write(`${name}: no result; ${what}\n`);
    return false;
  }
}

async function main(): Promise<number> {
  let plan: Plan;
  try {
    plan = chosen();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  const end = await startTestServer();
  try {
    let failed = 0;
    for (const name of plan.scenarios) if (!(await runOne(name, plan))) failed += 1;
    return failed === 0 ? 0 : 1;
  } finally {
    await end();
  }
}

process.exitCode = await main();
