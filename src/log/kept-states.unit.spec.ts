import { emptyFrontier } from '../merkle/frontier.js';
import { Governance } from './governance.js';
import { KeptStates } from './kept-states.js';

const at = (size: number) => ({ frontier: { ...emptyFrontier, size }, governance: Governance.empty([]) });

describe('states of the past', () => {
  it('are found from the size on at which they were, and no earlier', () => {
    const kept = new KeptStates(10);
    for (const size of [9, 10, 19, 21, 40]) kept.keep(at(size));
    const found = [0, 9, 10, 20, 21, 39, 40, 1000].map((size) => kept.within(size)?.frontier.size);
    expect(found).toEqual([undefined, undefined, 10, 10, 21, 21, 40, 40]);
  });

  it.each([1, 7, 64, 5000])('stay few and spread over the whole log, in groups of %i', (group) => {
    const kept = new KeptStates(10);
    let size = 0;
    for (let written = 0; written < 20_000; written += 1) kept.keep(at((size += group)));
    expect(kept.count).toBeLessThanOrEqual(128);
    const distances = Array.from({ length: 1000 }, (_, index) => {
      const moment = Math.floor((size * index) / 1000);
      return moment - (kept.within(moment)?.frontier.size ?? 0);
    });
    expect(Math.max(...distances)).toBeLessThan(size / 32);
  });
});
