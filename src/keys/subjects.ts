import { Map } from 'immutable';
import { z } from 'zod';
import type { Slice, SliceKey } from '../log/governance.js';
import type { Entry } from '../log/header.js';
import type { Position, SubjectId } from '../log/ids.js';
import { attests } from './attestation.js';

export type SubjectState =
  | {
      readonly kind: 'registered';
      readonly keyId: string;
      readonly publicKey: Uint8Array;
      readonly attestation: Uint8Array;
    }
  | { readonly kind: 'erased'; readonly keyId: string; readonly tombstone: Position };
export type Subjects = Map<SubjectId, SubjectState>;

export const subjectsKey: SliceKey<Subjects> = { slice: 'subjects' };

/** Subjects and their public keys. A key that the keyholder did not attest, or a second one, changes nothing. */
export const subjectsSlice = (keyholderKey: Uint8Array): Slice<Subjects> => ({
  key: subjectsKey,
  empty: Map(),
  evolve: (state, entry) => evolve(state, entry, keyholderKey),
});

const Bytes = z.instanceof(Uint8Array);
const Registered = z.object({ keyId: z.string(), publicKey: Bytes, attestation: Bytes });

/** Pure and total, over rows of any shape. */
function evolve(state: Subjects, entry: Entry, keyholderKey: Uint8Array): Subjects {
  if (entry.subject === undefined) return state;
  const known = state.get(entry.subject);
  if (entry.type === 'subject.registered') {
    const parsed = Registered.safeParse(entry.data);
    if (!parsed.success) return state;
    const { keyId, publicKey, attestation } = parsed.data;
    const valid = attests(keyholderKey, { subject: entry.subject, keyId, publicKey }, attestation);
    if (known !== undefined || !valid) return state;
    return state.set(entry.subject, { kind: 'registered', keyId, publicKey, attestation });
  }
  if (entry.type === 'subject.erased') {
    return known?.kind === 'registered'
      ? state.set(entry.subject, { kind: 'erased', keyId: known.keyId, tombstone: entry.position })
      : state;
  }
  return state;
}
