import { encodeCanonical } from '../sealing/canonical-write.js';
import type { Secret } from '../sealing/secret.js';
import { sign, verify } from '../sealing/signature.js';
import type { Position, SubjectId } from '../log/ids.js';

/** What the keyholder signs. Each message names its own purpose, so none can pass for another. */
export interface KeyClaim {
  readonly subject: SubjectId;
  readonly keyId: string;
  readonly publicKey: Uint8Array;
}
export interface DestructionClaim {
  readonly subject: SubjectId;
  readonly keyId: string;
  readonly tombstone: Position;
}

const keyMessage = (claim: KeyClaim) => encodeCanonical({ custos: 'subject-key.v1', ...claim });
const destructionMessage = (claim: DestructionClaim) => encodeCanonical({ custos: 'key-destroyed.v1', ...claim });

export const attestKey = (seed: Secret, claim: KeyClaim): Uint8Array => sign(seed, keyMessage(claim));
export const attests = (keyholderKey: Uint8Array, claim: KeyClaim, signature: Uint8Array): boolean =>
  verify(keyholderKey, keyMessage(claim), signature);

export const certifyDestruction = (seed: Secret, claim: DestructionClaim): Uint8Array =>
  sign(seed, destructionMessage(claim));
export const certifies = (keyholderKey: Uint8Array, claim: DestructionClaim, signature: Uint8Array): boolean =>
  verify(keyholderKey, destructionMessage(claim), signature);
