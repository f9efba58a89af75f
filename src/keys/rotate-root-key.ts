import { Problem } from '../problem.js';
import type { Secret } from '../sealing/secret.js';
import { unwrapSubjectKey, wrapSubjectKey } from '../sealing/subject-key.js';
import { withNextKey, withoutPrevious, type RootKeys } from './root-key.js';
import type { RootKeySource } from './root-key-source.js';
import type { Rewrapped, StoredKeyOf, SubjectKeyStore } from './subject-key-store.js';

/** Of one page: whoever makes or destroys a key waits as long. */
const keysAtOnce = 200;

export interface Rotated {
  /** Wrapped again by this call; those of an earlier one that was cut off are not counted. */
  readonly rewrapped: number;
  /** All that there are. */
  readonly keys: number;
}

/**
 * Gives the subjects' keys another root key, while keyholders go on: first both are in the source, then page by page is
 * wrapped again, then the old one leaves the source. Nothing of it is in the log. Called again after a stop at any point it goes
 * on where it was.
 * @throws Problem root_key_wrong if a key opens by neither: then the old one stays where it is, and nothing is lost
 */
export async function rotateRootKey(source: RootKeySource, store: SubjectKeyStore): Promise<Rotated> {
  const keys = await store.whileNoneIsMade(async () => {
    const found = await source.read();
    if (found.previous !== undefined) return found; // an earlier rotation did not come to its end
    const next = withNextKey(found);
    await source.write(next);
    return next;
  });
  // Durable: a key that is made from here on is wrapped by the new one, since whoever makes one reads the source again.
  const done = await rewrapAll(keys, store);
  // No row needs the old one any more; if we stop here, it is looked for once more, and not found.
  await source.write(withoutPrevious(keys));
  return done;
}

async function rewrapAll({ current, previous }: RootKeys, store: SubjectKeyStore): Promise<Rotated> {
  const count = { rewrapped: 0, keys: 0, unopened: 0 };
  for (let after = ''; ;) {
    const page = await store.page(after, keysAtOnce);
    const last = page.at(-1);
    if (last === undefined) break;
    const old = page.filter((key) => !opens(current, key));
    const again = old.flatMap((key) => (previous === undefined ? [] : (rewrapped(key, previous, current) ?? [])));
    count.keys += page.length;
    count.unopened += old.length - again.length;
    // Only in the place of what was read: what was erased meanwhile stays erased.
    if (again.length > 0) count.rewrapped += await store.rewrap(again);
    after = last.keyId;
  }
  const { rewrapped: done, keys, unopened } = count;
  if (unopened > 0) throw new Problem('root_key_wrong', { unopened });
  return { rewrapped: done, keys };
}

function rewrapped({ subject, keyId, wrapped }: StoredKeyOf, previous: Secret, current: Secret): Rewrapped | undefined {
  const opened = unwrapSubjectKey(previous, { subject, keyId }, wrapped);
  if (opened.kind === 'tampered') return undefined;
  const to = wrapSubjectKey(current, { subject, keyId }, opened.secretKey);
  opened.secretKey.wipe();
  return { keyId, from: wrapped, to };
}

/** Whether this root key has wrapped it. */
export function opens(rootKey: RootKeys['current'], { subject, keyId, wrapped }: StoredKeyOf): boolean {
  const opened = unwrapSubjectKey(rootKey, { subject, keyId }, wrapped);
  if (opened.kind === 'opened') opened.secretKey.wipe();
  return opened.kind === 'opened';
}
