import { Problem } from '../problem.js';
import type { EntryType } from './entries.js';
import { entryTypes } from './name-table.js';
import { HeaderScan, headerVersion, headerVersionOf } from './header-scan.js';

/** What a type's entries said in an older version: whoever lifts it knows more of it than the compiler. */
export type OldData = Readonly<Record<string, unknown>>;

/** From one version to the next: pure, by type. The data of a type that is not named means what it meant. */
export type Upcasters = Readonly<Partial<Record<EntryType, (data: OldData) => OldData>>>;

/**
 * How data of older versions becomes what is read today, by the version that a step starts from. The bytes in the log stay as
 * they were hashed and signed: only what is decoded out of them is lifted (docs/decisions/0037).
 * Two steps from one version cannot be written here; one that is missing, or starts from nothing, stops the start.
 */
export const upcasters: Readonly<Record<number, Upcasters>> = {
  // Version 2 can name the command that an entry begins (0020); no type's data changed.
  1: {},
};

/** @throws Problem upcaster_missing with the version that has no step, or that has one although nothing is after it */
export function requireWholeChain(chain = upcasters, current: number = headerVersion): void {
  const needed = Array.from({ length: current - 1 }, (_, index) => index + 1);
  const missing = needed.find((version) => chain[version] === undefined);
  const leftOver = Object.keys(chain).map(Number).find((version) => !needed.includes(version)); // prettier-ignore
  const version = missing ?? leftOver;
  if (version !== undefined) throw new Problem('upcaster_missing', { version });
}

/** @throws Problem upcaster_missing */
export function lifted(
  { type, data, version }: { type: EntryType; data: OldData; version: number },
  chain = upcasters,
  current: number = headerVersion,
): OldData {
  let now = data;
  for (let from = version; from < current; from += 1) {
    const step = chain[from];
    if (step === undefined) throw new Problem('upcaster_missing', { version: from });
    now = step[type]?.(now) ?? now;
  }
  return now;
}

/**
 * Whether a header that cannot be read seems to be of a newer program: of a later version, or whole and of a type that is
 * not known. It need not be: nothing was held against a signed root yet, and whoever changes a row can make it look so.
 */
export function seemsNewer(header: Uint8Array): boolean {
  if (startsAsHeader(header) && headerVersionOf(header) > headerVersion) return true;
  const scan = new HeaderScan();
  try {
    scan.pass(header, 0, header.length);
  } catch {
    return false;
  }
  return entryTypes.at(header, scan.typeFrom, scan.typeTo) === undefined;
}

/** The head of a small map, and `v` in front of all other keys, as the shortest. */
const startsAsHeader = ([map, key, v]: Uint8Array): boolean => (map ?? 0) >> 5 === 5 && key === 0x61 && v === 0x76;
