import { performance } from 'node:perf_hooks';

export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** All of them, those of the warm-up too. */
  readonly operations: number;
}
const warmUpShare = 0.25;

/**
 * `writers` callers, each of which asks again as soon as it was answered, for `seconds` after a warm-up. The first
 * error ends it. Each call is timed from outside, so waiting in a queue of ours counts.
 */
export async function closedLoop(
  { writers, seconds }: { writers: number; seconds: number },
  operation: (writer: number) => Promise<unknown>,
): Promise<Load> {
  const times: number[] = [];
  let operations = 0;
  const start = performance.now() + seconds * warmUpShare * 1000;
  const end = start + seconds * 1000;
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let began = performance.now(); began < end;) {
        await operation(writer);
        const ended = performance.now();
        operations += 1;
        if (ended > start) times.push(ended - began);
        began = ended;
      }
    }),
  );
  const elapsed = performance.now() - start;
  times.sort((a, b) => a - b);
  return {
    perSecond: (times.length / elapsed) * 1000,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    operations,
  };
}

/** Of values in ascending order. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
