import { randomFrom, shuffled } from '../shuffled.js';
import { replayOf } from './deck.js';
import { Matrix } from './matrix.js';
import { mountRefused, SmallDisk } from './small-disk.js';

const seed = 7100;
const rounds = 8;
const refused = mountRefused();
const itOrWhyNot = refused === undefined ? it : it.skip;

describe('the log is whole after the disk was full', () => {
  itOrWhyNot(
    `at any point of an append${refused === undefined ? '' : ` (skipped: ${refused})`}`,
    async () => {
      const matrix = await Matrix.start({ disk: await SmallDisk.mount() });
      try {
        const broken: string[] = [];
        for (const fault of shuffled(await matrix.faults(), randomFrom(seed)).slice(0, rounds)) {
          const violations = await matrix.burst([fault]);
          broken.push(...violations.map(({ rule, what }) => `${replayOf(fault)}: ${rule}: ${what}`));
        }
        expect(broken).toEqual([]);
      } finally {
        await matrix.end();
      }
      // Else the disk was not full.
      expect(matrix.tally.failedAppends).toBeGreaterThan(0);
    },
    600_000,
  );
});
