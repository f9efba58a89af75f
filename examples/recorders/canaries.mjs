import { readFileSync } from 'node:fs';

/** Where the recordings stand. */
export const examplesDir = new URL('../', import.meta.url);

/** Every planted canary: `name` for the recorders, `canary` the exact string, `file` and `field` where it ends. */
export const canaries = JSON.parse(readFileSync(new URL('canaries.json', examplesDir), 'utf8'));

/** The exact string of the canary that a recorder plants. The scripts name canaries and never repeat them. */
export function canary(name) {
  const found = canaries.find((row) => row.name === name);
  if (!found) throw new Error(`canaries.json has no canary named ${name}`);
  return found.canary;
}
