import { nameOf, randomFrom, shuffled } from './deck.js';
import { Matrix } from './matrix.js';
import { scenarioNames } from './scenarios.js';
import type { Fault } from './trial.js';

/**
 * Whatever breaks at whatever point of an append, the log is whole afterwards, and what was acknowledged is in it
 * once. `npm run test:faults` does the same for long; docs/testing.md says what is checked.
 */
const seed = 7100;
const roundsAScenario = 12;

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
      const broken: string[] = [];
      for (const fault of own.slice(0, roundsAScenario)) {
        const violations = await matrix.round(fault);
        broken.push(...violations.map(({ rule, what }) => `--point '${nameOf(fault)}': ${rule}: ${what}`));
      }
      expect(broken).toEqual([]);
    },
    600_000,
  );
});
