import { toBase64, toHex } from './base64.js';
import { sealBatches, type Catalogue, type RecordToSeal, type SealedBatch } from './seal-batches.js';
import type { Secret } from './secret.js';
import { generateSessionKey, sealSessionKey } from './session-key.js';
import { signBatch, signEpoch } from './source-claims.js';

/** Where a source's records go, and for whom. */
export interface SealingSession {
  /** Name of the log, from the source's own trust file. */
  readonly origin: string;
  readonly session: string;
  readonly subject: string;
  readonly catalogue: Catalogue;
  /** The subject's public key: check its attestation first (keys/attestation.ts). */
  readonly subjectKey: { readonly keyId: string; readonly publicKey: Uint8Array };
  readonly signer: { readonly keyId: string; readonly seed: Secret };
}

/** The member `sealed` of what is posted, as JSON (docs/formats/sealed-batch.md). */
export interface SealedPost {
  readonly signedBy: string;
  readonly epoch: {
    readonly id: string;
    readonly keyId: string;
    readonly sealedKey: string;
    readonly signature: string;
  };
  readonly batches: readonly PostedBatch[];
  readonly rejected: readonly { readonly first: number; readonly count: number }[];
}
interface PostedBatch extends Omit<SealedBatch['data'], 'epoch'> {
  readonly id: string;
  readonly columns: readonly { readonly field: string; readonly sha256: string; readonly sealed: string }[];
  readonly signature: string;
}

/**
 * Seals the records of one session at their source: in Node or in a browser, with nothing but this folder. Await
 * `sodiumReady` first; a browser needs WebCrypto. The session key never leaves this object.
 */
export class SourceSealer {
  private constructor(
    private readonly about: SealingSession,
    private readonly epoch: { readonly id: Uint8Array; readonly key: Secret },
    private readonly posted: SealedPost['epoch'],
  ) {}

  static async open(about: SealingSession): Promise<SourceSealer> {
    const { origin, session, subject, subjectKey, signer } = about;
    const key = generateSessionKey();
    const sealedKey = sealSessionKey(subjectKey.publicKey, key);
    // Named after what it is, so that no other sealed key can be slipped under batches of this epoch.
    const id = (await sha256(sealedKey)).slice(0, 16);
    const { keyId } = subjectKey;
    const signature = signEpoch(signer.seed, { origin, subject, session, epoch: id, keyId, sealedKey });
    const posted = { id: toHex(id), keyId, sealedKey: toBase64(sealedKey), signature: toBase64(signature) };
    return new SourceSealer(about, { id, key }, posted);
  }

  /** Consecutive records, in order; `rejected` are the sequence numbers between them that are of no record. */
  async seal(records: readonly RecordToSeal[], rejected: readonly number[]): Promise<SealedPost> {
    const { origin, session, catalogue, signer } = this.about;
    const { batches, refused } = sealBatches(records, { origin, session, catalogue, epoch: this.epoch });
    return {
      signedBy: signer.keyId,
      epoch: this.posted,
      batches: await Promise.all(batches.map((batch) => this.sign(batch))),
      rejected: spans([...rejected, ...refused].sort((a, b) => a - b)),
    };
  }

  /** After the last record of the session. */
  wipe(): void {
    this.epoch.key.wipe();
  }

  private async sign({ id, data, columns }: SealedBatch): Promise<PostedBatch> {
    const { origin, session, subject, signer } = this.about;
    const hashed = await Promise.all(
      columns.map(async ({ field, sealed }) => ({ field, sealed, sha256: await sha256(sealed) })),
    );
    const signature = signBatch(signer.seed, {
      origin,
      subject,
      id,
      data: { session, ...data },
      columns: hashed.map(({ field, sealed, sha256 }) => ({ field, bytes: sealed.length, sha256 })),
    });
    const { epoch: _posted, ...told } = data;
    return {
      id: toHex(id),
      ...told,
      columns: hashed.map(({ field, sealed, sha256 }) => ({ field, sha256: toHex(sha256), sealed: toBase64(sealed) })),
      signature: toBase64(signature),
    };
  }
}

/** By the platform: libsodium's standard build has none, and browsers have no other. */
const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));

function spans(sequences: readonly number[]): { first: number; count: number }[] {
  const found: { first: number; count: number }[] = [];
  for (const sequence of sequences) {
    const last = found.at(-1);
    if (last !== undefined && last.first + last.count === sequence) last.count += 1;
    else found.push({ first: sequence, count: 1 });
  }
  return found;
}
