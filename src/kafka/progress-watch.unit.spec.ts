import type { ConsumerProgress } from './kafka-port.js';
import { lagOf, ProgressWatch } from './progress-watch.js';

const progress = (next: number, high: number, fetchedAt?: number): ConsumerProgress => ({
  fetchedAt,
  partitions: [{ topic: 'records', partition: 0, next, high }],
});

/** How long it has stood still after each look, a second apart. */
function looks(...all: (ConsumerProgress | undefined)[]): number[] {
  const watch = new ProgressWatch(0);
  return all.map((one, second) => watch.stoodStill(one, second * 1000));
}

describe('a consumer stands still', () => {
  it('with messages before it, while its offsets do not move, however often the broker answers', () =>
    expect(looks(progress(1, 9, 0), progress(1, 9, 1000), progress(1, 9, 2000))).toEqual([0, 1000, 2000]));

  it('level with the end as last heard of, if the broker no longer answers', () =>
    expect(looks(progress(9, 9, 0), progress(9, 9, 0), progress(9, 9, 0))).toEqual([0, 1000, 2000]));

  it('that never joined its group', () => expect(looks(undefined, undefined)).toEqual([0, 1000]));
});

describe('a consumer stands still as well', () => {
  it('that was made anew, where the one before had stood', () =>
    expect(looks(progress(1, 9), undefined, progress(1, 9))).toEqual([0, 1000, 2000]));
});

describe('a consumer moves', () => {
  it('when its offsets do', () => expect(looks(progress(1, 9), progress(1, 9), progress(2, 9))).toEqual([0, 1000, 0]));

  it('when the broker answers that there is nothing more', () =>
    expect(looks(progress(9, 9, 0), progress(9, 9, 900), progress(9, 9, 1900))).toEqual([0, 100, 100]));

  it('when it has no partition', () =>
    expect(looks({ fetchedAt: undefined, partitions: [] }, { fetchedAt: undefined, partitions: [] })).toEqual([0, 0]));
});

it('lags by what lies between its next offset and the end', () =>
  expect(lagOf(progress(3, 9))).toEqual([{ topic: 'records', partition: 0, lag: 6 }]));
