import { parseArgs } from 'node:util';
import { formatNames, type FormatName } from '../../src/capture/formats/formats.js';
import { fuzzFormat } from './fuzz-format.js';

const usage = `npm run test:fuzz -- [--runs N] [--format F] [--seed S]

Changes recordings byte by byte and records place by place, N of each for every format (1000), and checks that readers
refuse in constant words, lose nothing, and keep fields apart. A failure prints its seed: with it, the same runs again.
`;
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    format: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    help: { type: 'boolean', default: false },
  },
});
const [runs, seed] = [Number(values.runs), Number(values.seed)];
const formats = formatNames.filter((name) => values.format === undefined || name === values.format);
const isUsable = Number.isSafeInteger(runs) && runs > 0 && Number.isSafeInteger(seed) && formats.length > 0;
if (values.help || !isUsable) {
  process.stdout.write(usage);
  process.exit(values.help ? 0 : 2);
}

let failures = 0;
const say = (text: string) => void process.stdout.write(`${text}\n`);
for (const format of formats) {
  for (const { by, runs: done, accepted, rejected, failure } of fuzzFormat(format as FormatName, { runs, seed })) {
    const told = `${format} by ${by}: ${done} runs, ${accepted} accepted, ${rejected} rejected`;
    if (failure === undefined) say(told);
    else {
      failures += 1;
      say(
        `${told}, FAILED\n  ${failure.rule}\n  ${failure.input}\n  again: npm run test:fuzz -- --runs ${runs} --format ${format} --seed ${seed}`,
      );
    }
  }
}
say(`${failures} failures (seed ${seed})`);
process.exit(failures === 0 ? 0 : 1);
