import { formatAddCheckpoint } from '../merkle/add-checkpoint.js';
import { signCheckpoint } from '../merkle/checkpoint.js';
import { formatCosignerKey, parseCosignerKey } from '../merkle/cosignature.js';
import { appendLeaves, emptyFrontier, frontierRoot } from '../merkle/frontier.js';
import { leafHash } from '../merkle/hash.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { consistencyProof, memoryTree, type TreeReader } from '../merkle/tree.js';

export const logSigner = ed25519Signer('custos.example/paper', new Uint8Array(32).fill(1));
export const witnessSigner = ed25519Signer('witness.example/w1', new Uint8Array(32).fill(2));
export const logKey = formatVerifierKey(logSigner.name, logSigner.publicKey);
export const knownLog = { origin: logSigner.name, verifiers: [parseVerifierKey(logKey)] };
export const cosignerKey = formatCosignerKey(witnessSigner.name, witnessSigner.publicKey);
export const cosigner = parseCosignerKey(cosignerKey);

/** A log that exists on paper only: any of its histories, signed as a real one signs. */
export class PaperLog {
  private constructor(readonly leaves: readonly Uint8Array[]) {}

  static of(size: number): PaperLog {
    return new PaperLog(Array.from({ length: size }, (_, index) => leafHash(Buffer.from(`entry ${index}`))));
  }

  /** The same up to there, and other entries from then on. */
  forkedAt(at: number): PaperLog {
    return new PaperLog(
      this.leaves.map((leaf, index) => (index < at ? leaf : leafHash(Buffer.from(`other ${index}`)))),
    );
  }

  checkpoint(size: number, signer = logSigner): string {
    const root = frontierRoot(appendLeaves(emptyFrontier, [...this.leaves.slice(0, size)]));
    return signCheckpoint({ origin: logSigner.name, size, root }, signer);
  }

  tree(size: number): TreeReader {
    return memoryTree(this.leaves.slice(0, size));
  }

  async proof(from: number, to: number): Promise<Uint8Array[]> {
    return from === 0 || from >= to ? [] : consistencyProof(this.tree(to), from, to);
  }

  /** The body of an `add-checkpoint`. */
  async body(from: number, to: number): Promise<string> {
    return formatAddCheckpoint({ oldSize: from, proof: await this.proof(from, to), checkpoint: this.checkpoint(to) });
  }
}
