import { randomFrom, shuffled } from '../shuffled.js';
import { replayOf } from './deck.js';
import { isQuick } from './kinds.js';
import { Matrix } from './matrix.js';
import { scenarioNames } from './scenarios.js';
import type { Fault } from './trial.js';

/**
 * Whatever breaks at whatever point of an append, the log is whole afterwards, and what was acknowledged is in it
 * once. Every point is met three times, by the faults that are over at once, twenty between two judgements; the others are
 * dealt. `npm run test:faults` does the same for long; docs/testing.md says what is checked.
 */
const seed = 7100;
const faultsABurst = 20;
const othersAScenario = 5;
/** Every point is met before it by two of the quick kinds, and after it by the third. */
const isDealt = ({ when, kind }: Fault): boolean => (when === 'after') === (kind === 'finish');

let matrix: Matrix;
let faults: Fault[];
beforeAll(async () => {
  matrix = await Matrix.start();
  faults = shuffled(await matrix.faults(), randomFrom(seed));
}, 300_000);
afterAll(() => matrix.end(), 120_000);

describe('the log is whole after faults at any point of an append', () => {
  it.each(scenarioNames)(
    'of the scenario "%s"',
    async (scenario) => {
      const own = faults.filter((fault) => fault.scenario === scenario);
      const quick = own.filter((fault) => isQuick(fault.kind) && isDealt(fault));
      const bursts = own
        .filter(({ kind }) => !isQuick(kind))
        .slice(0, othersAScenario)
        .map((fault) => [fault]);
      for (let at = 0; at < quick.length; at += faultsABurst) bursts.push(quick.slice(at, at + faultsABurst));
      const broken: string[] = [];
      for (const burst of bursts) {
        const violations = await matrix.burst(burst);
        broken.push(
          ...violations.map(({ rule, what }) => `${rule}: ${what}: one of\n${burst.map(replayOf).join('\n')}`),
        );
      }
      expect(broken).toEqual([]);
    },
    1_200_000,
  );
});
