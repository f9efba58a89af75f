import { Map as PersistentMap, type OrderedMap, Set as PersistentSet } from 'immutable';
import type { SliceKey } from '../log/governance.js';
import type { ActId, PersonId, Position } from '../log/ids.js';
import type { Act, ActKind } from './act.js';
import type { Trust, TrustedKey } from './trust.js';

/** Whose signatures count, and what officers have signed, at one position of the log. Persistent. */
export interface Authority {
  readonly trust: Trust;
  readonly kinds: ReadonlyMap<string, ActKind>;
  /** By key id: those of the trust file, and those that officers enrolled. */
  readonly keys: PersistentMap<string, EnrolledKey>;
  readonly acts: PersistentMap<ActId, ActState>;
  /** Of every signature that counted. */
  readonly nonces: PersistentSet<string>;
  /** The act that the entry at `position` enforced; slices behind this one act on it in the same fold. */
  readonly enforced?: { readonly position: Position; readonly act: ActState };
}

export interface EnrolledKey extends TrustedKey {
  /** Epoch milliseconds; a key of the trust file has none and ends with the file. */
  readonly expiresAt?: number;
  readonly revokedAt?: Position;
}

export interface ActState extends Act {
  readonly id: ActId;
  readonly proposer: PersonId;
  /** Hex. */
  readonly hash: string;
  readonly position: Position;
  readonly at: number;
  readonly expiresAt: number;
  /** Distinct officers who must sign. */
  readonly needed: number;
  /** Who signed validly, in order, and where. */
  readonly signatures: OrderedMap<PersonId, Position>;
  readonly enforcedAt?: Position;
}

export const authorityKey: SliceKey<Authority> = { slice: 'authority' };

export const emptyAuthority = (trust: Trust, kinds: readonly ActKind[]): Authority => ({
  trust,
  kinds: new Map(kinds.map((one) => [one.kind, one])),
  keys: PersistentMap([...trust.keys]),
  acts: PersistentMap(),
  nonces: PersistentSet(),
});

/** The key, if its signature counts at that time. */
export function keyInForce(authority: Authority, keyId: string, at: number): EnrolledKey | undefined {
  const key = authority.keys.get(keyId);
  return key === undefined || key.revokedAt !== undefined || at >= (key.expiresAt ?? Infinity) ? undefined : key;
}

/** The act that this entry enforced, if it is of this kind. */
export function enforcedBy({ enforced }: Authority, position: Position, kind: string): ActState | undefined {
  return enforced?.position === position && enforced.act.kind === kind ? enforced.act : undefined;
}
