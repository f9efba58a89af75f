import { Map as PersistentMap, type OrderedMap, Set as PersistentSet } from 'immutable';
import type { SliceKey } from '../log/governance.js';
import type { ActId, PersonId, Position } from '../log/ids.js';
import type { Act, ActKind } from './act.js';
import type { SourceKey, Trust, TrustedKey } from './trust.js';

/** Whose signatures count, and what officers have signed, at one position of the log. Persistent. */
export interface Authority {
  readonly trust: Trust;
  readonly kinds: ReadonlyMap<string, ActKind>;
  /** By key id: those of the trust file, and those that officers enrolled. */
  readonly keys: PersistentMap<string, EnrolledKey>;
  /** By key id, apart: no signature of a source is an approval or stands under an act. */
  readonly sources: PersistentMap<string, EnrolledSource>;
  readonly acts: PersistentMap<ActId, ActState>;
  /** Of every signature that counted. */
  readonly nonces: PersistentSet<string>;
  /** The act that the entry at `position` enforced; slices behind this one act on it in the same fold. */
  readonly enforced?: { readonly position: Position; readonly act: ActState };
}

interface Enrolment {
  /** Epoch milliseconds; a key of the trust file has none and ends with the file. */
  readonly expiresAt?: number;
  readonly revokedAt?: Position;
}
export type EnrolledKey = TrustedKey & Enrolment;
export type EnrolledSource = SourceKey & Enrolment;

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
  sources: PersistentMap([...trust.sources]),
  acts: PersistentMap(),
  nonces: PersistentSet(),
});

/** The key, if its signature counts at that time. */
export const keyInForce = ({ keys }: Authority, keyId: string, at: number): EnrolledKey | undefined =>
  inForce(keys.get(keyId), at);

/** The key of a source, if what it seals counts at that time. */
export const sourceInForce = ({ sources }: Authority, keyId: string, at: number): EnrolledSource | undefined =>
  inForce(sources.get(keyId), at);

const inForce = <K extends Enrolment>(key: K | undefined, at: number): K | undefined =>
  key === undefined || key.revokedAt !== undefined || at >= (key.expiresAt ?? Infinity) ? undefined : key;

/** The act that this entry enforced, if it is of this kind. */
export function enforcedBy({ enforced }: Authority, position: Position, kind: string): ActState | undefined {
  return enforced?.position === position && enforced.act.kind === kind ? enforced.act : undefined;
}
