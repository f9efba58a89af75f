/**
 * Runs every contender once a round, in turn, so that a noisy minute of the machine falls on all of them, and
 * gives each one's rounds in order. `warmUp`: rounds before, which are not given: what is measured is a process that has
 * run for a while.
 */
export async function interleaved<K extends string, R>(
  rounds: number,
  contenders: Readonly<Record<K, () => Promise<R>>>,
  { warmUp = 0 } = {},
): Promise<Record<K, R[]>> {
  const names = Object.keys(contenders) as K[];
  const results = Object.fromEntries(names.map((name) => [name, [] as R[]])) as Record<K, R[]>;
  for (let round = -warmUp; round < rounds; round += 1) {
    // The order turns around each round: whoever comes second finds the caches warm.
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const result = await contenders[name]();
      if (round >= 0) results[name].push(result);
    }
  }
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return Number.isInteger(middle) ? (at(middle - 1) + at(middle)) / 2 : at(Math.floor(middle));
}
