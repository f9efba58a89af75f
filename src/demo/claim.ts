/** What a step claimed and did not find. The message is ours: never a value out of a recording. */
export class ClaimFailed extends Error {
  override readonly name = 'ClaimFailed';
}

/** @throws ClaimFailed */
export function claim(holds: boolean, what: string): asserts holds {
  if (!holds) throw new ClaimFailed(what);
}

/** Numbers, codes and ids only, since both sides are shown. @throws ClaimFailed */
export function claimSame(found: unknown, wanted: unknown, what: string): void {
  const [left, right] = [found, wanted].map((value) => JSON.stringify(value) ?? 'nothing');
  claim(left === right, `${what}: found ${left}, expected ${right}`);
}

/** Of long lists, the first difference alone is shown. @throws ClaimFailed */
export function claimSameList(found: readonly unknown[], wanted: readonly unknown[], what: string): void {
  claimSame(found.length, wanted.length, `${what}, how many`);
  found.forEach((one, index) => claimSame(one, wanted[index], `${what}, number ${index}`));
}

/** @throws ClaimFailed if there is nothing. */
export function claimFound<T>(value: T | undefined | null, what: string): T {
  claim(value !== undefined && value !== null, `${what}: not found`);
  return value;
}
