import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { signCheckpoint } from '../merkle/checkpoint.js';
import { appendLeaves, emptyFrontier, frontierRoot } from '../merkle/frontier.js';
import { leafHash } from '../merkle/hash.js';
import { ed25519Signer, parseVerifierKey } from '../merkle/note.js';
import { inclusionProof, memoryTree } from '../merkle/tree.js';
import { commandHash, type KeptAnswer } from './command-hash.js';
import { decodeHeader } from './header.js';
import { formatReceipt, mostReceiptCharacters, parseReceipt, verifyReceipt, type ReceiptCheck } from './receipt.js';

/**
 * Receipts as people keep them, by version of the header. These files never change: a receipt that was given once must
 * verify for years. `headers` are the log, so that another program can make the receipts as well as check them.
 */
const vectorsOf = (version: string) =>
  JSON.parse(readFileSync(resolve(process.cwd(), `src/log/vectors/receipts.${version}.json`), 'utf8')) as Vectors;
interface Vectors {
  origin: string;
  seed: string;
  logKey: string;
  headers: string[];
  /** Of version 2: what is kept of each command, and the hash in the header `first`. */
  commands?: (Omit<KeptAnswer, 'digest'> & { digest: string; first: number; hash: string })[];
  receipts: ({ proves: string; receipt: string } & (
    { expect: ReceiptCheck } | { expect: 'verified'; index: number; size: number }
  ))[];
}
const [v1, v2] = [vectorsOf('v1'), vectorsOf('v2')];
const { origin, seed, logKey } = v2; // The same in both.
const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const trusted = { origin, verifiers: [parseVerifierKey(logKey)] };
const signer = ed25519Signer(origin, fromHex(seed));

/** Made anew: signatures of Ed25519 are deterministic, so these are the same bytes. */
async function made(index: number, size: number, { headers } = v2): Promise<string> {
  const log = headers.map(fromHex);
  const leaves = log.slice(0, size).map(leafHash);
  const root = frontierRoot(appendLeaves(emptyFrontier, leaves));
  const proof = await inclusionProof(memoryTree(leaves), index, size);
  return formatReceipt({
    index,
    proof,
    checkpoint: signCheckpoint({ origin, size, root }, signer),
    header: log[index] as Uint8Array,
  });
}

const vectors = [v1, v2].flatMap((of) => of.receipts.map((vector) => ({ ...vector, of })));

describe('a receipt', () => {
  it.each(vectors)('$expect: $proves', async (vector) => {
    const verified = verifyReceipt(vector.receipt, trusted);
    if (vector.expect !== 'verified') {
      return expect(verified).toMatchObject({ kind: 'refused', check: vector.expect });
    }
    const { index, size, of } = vector;
    expect(verified).toEqual({ kind: 'verified', size, entry: decodeHeader(fromHex(of.headers[index] as string)) });
    expect(await made(index, size, of)).toBe(vector.receipt);
  });

  it('is refused with any bit of it flipped', async () => {
    const bytes = Buffer.from(await made(3, 6));
    expect(verifyReceipt(bytes.toString(), trusted).kind).toBe('verified');
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      expect({ at, kind: verifyReceipt(flipped.toString(), trusted).kind }).toEqual({ at, kind: 'refused' });
    }
  });

  it('is in docs/formats/log.md as it is in the vectors', () => {
    const docs = readFileSync(resolve(process.cwd(), 'docs/formats/log.md'), 'utf8');
    const example = /```\n(c2sp\.org[^`]*)```/.exec(docs)?.[1];
    expect(v2.receipts.map(({ receipt }) => receipt)).toContain(example);
    expect(docs).toContain(` --log-key ${logKey}\n`);
  });

  it('of the first entry of a command names what is kept of it', () => {
    for (const { first, hash, digest, ...kept } of v2.commands ?? []) {
      expect(commandHash({ ...kept, digest: fromHex(digest) })).toEqual(fromHex(hash));
      expect(decodeHeader(fromHex(v2.headers[first] as string)).command).toEqual(fromHex(hash));
    }
    expect(v2.commands).toHaveLength(4);
  });

  it('is not even read when it is longer than any can be', async () => {
    const receipt = await made(3, 6);
    expect(parseReceipt(receipt)?.index).toBe(3);
    expect(parseReceipt(receipt + '\n'.repeat(mostReceiptCharacters))).toBeUndefined();
  });
});
