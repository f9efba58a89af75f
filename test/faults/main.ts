import { parseArgs } from 'node:util';
import { randomFrom, shuffled } from '../shuffled.js';
import { nameOf, replayOf } from './deck.js';
import { ruleText } from './judge.js';
import { Matrix } from './matrix.js';
import { selfTest } from './self-test.js';
import { mountRefused, SmallDisk } from './small-disk.js';

const usage = `npm run test:faults -- [--rounds N] [--seed S] [--point TEXT] [--full-disk] | --self-test

Breaks N appends (200), at points found by tracing good ones, and checks after each that the log is whole. --point
chooses by name: what a failure prints, or a part of it ("tile", "kill-postgres", "warm before >12"). --list names all.
--full-disk runs on a small file system instead, and the fault is that it is full. --self-test breaks the service in
every way of mutations.ts, one after the other, and fails unless the matrix finds each.
`;
const secondsBetweenReports = 10;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    point: { type: 'string', default: '' },
    'full-disk': { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    'self-test': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) throw new Error(usage);

const say = (text: string) => void process.stdout.write(`${text}\n`);
if (values['self-test']) process.exit((await selfTest(say)) === 0 ? 0 : 1);

const refused = values['full-disk'] ? mountRefused() : undefined;
if (refused !== undefined) {
  process.stdout.write(`skipped: ${refused}\n`);
  process.exit(0);
}
const disk = values['full-disk'] ? await SmallDisk.mount() : undefined;
const matrix = await Matrix.start(disk === undefined ? {} : { disk });
let reported = Date.now();
const told = () => {
  const { rounds: done, kills, restarts, failedAppends, rows, violations } = matrix.tally;
  return `${done} of ${rounds} rounds, ${kills} kills, ${restarts} restarts of PostgreSQL, ${failedAppends} appends failed, ${rows} rows, ${violations.length} violations`;
};
try {
  const faults = (await matrix.faults()).filter((fault) => nameOf(fault).includes(values.point));
  if (values.list) for (const fault of faults) say(nameOf(fault));
  else {
    say(`seed ${seed}: ${faults.length} faults to choose from`);
    if (faults.length === 0) throw new Error('there is no such point');
    const random = randomFrom(seed);
    let deck = shuffled(faults, random);
    for (let round = 0; round < rounds; round += 1) {
      const fault = deck.pop() as (typeof faults)[number];
      if (deck.length === 0) deck = shuffled(faults, random);
      for (const { rule, what } of await matrix.burst([fault])) {
        say(`${replayOf(fault)} (seed ${seed}): ${rule} (${ruleText(rule)}): ${what}`);
      }
      if (Date.now() - reported > secondsBetweenReports * 1000) {
        reported = Date.now();
        say(told());
      }
    }
  }
} finally {
  await matrix.end();
}
if (!values.list) say(told());
process.exit(matrix.tally.violations.length > 0 ? 1 : 0);
