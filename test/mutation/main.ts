import { parseArgs } from 'node:util';
import { installOnce } from '../../bench/packages.js';
import { partNames, parts, type Part } from './parts.js';

const leastPercent = 90;
const usage = `npm run test:mutation -- [PART …] [--only FILE]… [--concurrency N]

Changes the code of a part in one small way after the other, and runs the part's unit tests on each change. What no test
notices has survived and is printed; the run fails where less than ${leastPercent} % is noticed. All of it is also in .custos/mutation/.
  PART   of ${partNames.join(', ')}; all of them if none is named
  --only changes this file of the part and no other, or lines of it: src/merkle/note.ts:20-40
`;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true },
    concurrency: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});
const concurrency = Number(values.concurrency);
const isUsable = positionals.every((name) => name in parts) && Number.isSafeInteger(concurrency) && concurrency > 0;
if (values.help || !isUsable) {
  process.stdout.write(usage);
  process.exit(values.help ? 0 : 2);
}

interface Mutation {
  Stryker: new (options: object) => { runMutationTest(): Promise<readonly unknown[]> };
}
const core = '@stryker-mutator/core';
await installOnce(import.meta.dirname, core);
const { Stryker } = (await import(core)) as Mutation;

for (const part of positionals.length === 0 ? partNames : (positionals as Part[])) {
  const { changed, tests } = parts[part];
  await new Stryker({
    mutate: values.only ?? changed,
    testRunner: 'jest',
    jest: {
      configFile: 'test/mutation/jest.config.mjs',
      config: { testMatch: tests.map((glob) => `<rootDir>/${glob}`) },
    },
    coverageAnalysis: 'perTest',
    concurrency,
    // Code that loops is found by counting; time is only the last resort, and a busy machine is no killed change.
    timeoutMS: 30_000,
    thresholds: { high: 100, low: leastPercent, break: leastPercent },
    reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
    clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
    htmlReporter: { fileName: `.custos/mutation/${part}.html` },
    jsonReporter: { fileName: `.custos/mutation/${part}.json` },
    tempDirName: '.custos/mutated',
    ignorePatterns: ['.custos', 'dist', 'bench/results', 'docs/**/*.png'],
  }).runMutationTest();
}
