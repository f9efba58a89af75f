import { checkBytes, checkCount, isCount } from './checked.js';
import { hashBytes } from './hash.js';
import { MerkleError } from './merkle-error.js';

const firstLine = 'c2sp.org/tlog-proof@v1';
/** A tree of 2^53 leaves has no longer one. */
const mostHashes = 64;

/** An entry's place in a log, provable offline (C2SP tlog-proof). */
export interface TlogProof {
  readonly index: number;
  /** Inclusion proof, leaf to root. */
  readonly proof: readonly Uint8Array[];
  /** Signed note. */
  readonly checkpoint: string;
  /** Opaque to the format. */
  readonly extra?: Uint8Array;
}

export function formatTlogProof({ index, proof, checkpoint, extra }: TlogProof): string {
  checkCount('index', index);
  for (const hash of proof) checkBytes('proof hash', hash, hashBytes);
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  const lines = [
    firstLine,
    ...(extra === undefined ? [] : [`extra ${base64(extra)}`]),
    `index ${index}`,
    ...proof.map(base64),
  ];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Checks the form only: neither proof nor checkpoint are verified. @throws MerkleError tlog_proof_malformed */
export function parseTlogProof(text: string): TlogProof {
  const split = text.indexOf('\n\n');
  const [, ...lines] = text.slice(0, split).split('\n');
  const extra = lines[0]?.startsWith('extra ') ? decode((lines.shift() as string).slice('extra '.length)) : undefined;
  const index = Number(lines.shift()?.slice('index '.length));
  const proof = lines.map(decode);
  const canBeWritten = isCount(index) && proof.every((hash) => hash.length === hashBytes);
  if (!canBeWritten || proof.length > mostHashes) throw new MerkleError('tlog_proof_malformed');
  const parsed: TlogProof = {
    index,
    proof,
    checkpoint: text.slice(split + 2),
    ...(extra === undefined ? {} : { extra }),
  };
  // What was not looked at above is not written again, or is written otherwise.
  if (formatTlogProof(parsed) !== text) throw new MerkleError('tlog_proof_malformed');
  return parsed;
}

const decode = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
