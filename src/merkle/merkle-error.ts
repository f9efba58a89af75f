/**
 * What is wrong with something that came from outside: a code and one constant sentence each. A finer answer would
 * tell whoever forges a note or a proof how far they came, and would tempt a caller to act on half-checked input.
 * Wrong use by our own callers (a root of 31 bytes) is a `RangeError` or `TypeError` instead.
 */
export const merkleErrors = {
  frontier_malformed: 'not the encoding of a frontier',
  tile_path_malformed: 'not a canonical tile path',
  entry_bundle_malformed: 'not a bundle of 1 to 256 entries',
  verifier_key_malformed: 'not a canonical Ed25519 verifier key',
  note_refused: 'malformed, or not validly signed by the given keys',
  checkpoint_malformed: 'not a canonical checkpoint body',
  checkpoint_refused: 'malformed, of another origin, or not validly signed by the given keys',
  add_checkpoint_malformed: 'not a canonical add-checkpoint request',
  tlog_proof_malformed: 'not a canonical tlog-proof',
  tree_malformed: 'not the subtrees that the leaves leave over',
} as const satisfies Record<string, string>;

export type MerkleErrorCode = keyof typeof merkleErrors;

export class MerkleError extends Error {
  override readonly name = 'MerkleError';
  constructor(readonly code: MerkleErrorCode) {
    super(`${code}: ${merkleErrors[code]}`);
  }
}
