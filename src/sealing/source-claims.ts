import { encodeCanonical } from './canonical-write.js';
import type { Secret } from './secret.js';
import { sign, verify } from './signature.js';

/**
 * What a source that seals at its own end signs: the deterministic CBOR of these claims, each under the name of its
 * purpose, so that none passes for another (docs/formats/sealed-batch.md). All of it stands in clear headers of the
 * log, but for the log's name.
 */
export interface EpochClaim {
  /** The log's name: what was sealed for one log is nothing in another. */
  readonly origin: string;
  readonly subject: string;
  readonly session: string;
  /** 16 bytes. */
  readonly epoch: Uint8Array;
  /** Of the subject's key that the session key is sealed to. */
  readonly keyId: string;
  readonly sealedKey: Uint8Array;
}

export interface BatchClaim {
  readonly origin: string;
  readonly subject: string;
  /** 16 bytes, to which the columns are sealed. */
  readonly id: Uint8Array;
  readonly data: {
    readonly session: string;
    readonly epoch: Uint8Array;
    readonly first: number;
    readonly count: number;
    readonly from: number;
    readonly to: number;
    readonly catalogue: number;
    readonly tags?: Readonly<Record<string, number>>;
  };
  /** In the order in which they are sent, and stored. */
  readonly columns: readonly { readonly field: string; readonly bytes: number; readonly sha256: Uint8Array }[];
}

/** @internal Exported for the vectors. */
export const epochMessage = (claim: EpochClaim): Uint8Array => encodeCanonical({ custos: 'sealed-epoch.v1', ...claim });
/** @internal Exported for the vectors. */
export const batchMessage = (claim: BatchClaim): Uint8Array => encodeCanonical({ custos: 'sealed-batch.v1', ...claim });

export const signEpoch = (seed: Secret, claim: EpochClaim): Uint8Array => sign(seed, epochMessage(claim));
export const signBatch = (seed: Secret, claim: BatchClaim): Uint8Array => sign(seed, batchMessage(claim));

export const signedEpoch = (publicKey: Uint8Array, claim: EpochClaim, signature: Uint8Array): boolean =>
  verify(publicKey, epochMessage(claim), signature);
export const signedBatch = (publicKey: Uint8Array, claim: BatchClaim, signature: Uint8Array): boolean =>
  verify(publicKey, batchMessage(claim), signature);
