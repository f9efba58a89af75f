import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openCheckpoint, signCheckpoint } from './checkpoint.js';
import { cosign, cosignaturesOn, formatCosignerKey, parseCosignerKey, type Cosignature } from './cosignature.js';
import { MerkleError, type MerkleErrorCode } from './merkle-error.js';
import { ed25519Signer, formatVerifierKey, parseNote, parseVerifierKey, signatureLine } from './note.js';

interface Vector {
  readonly proves: string;
  readonly cosigner: string;
  readonly note: string;
  readonly expect: readonly Cosignature[] | MerkleErrorCode;
}
const vectors = JSON.parse(
  readFileSync(resolve(process.cwd(), 'src/merkle/vectors/cosignatures.v1.json'), 'utf8'),
) as Vector[];

/** The seeds of the vectors: the program that made them was given these bytes for random ones. */
const log = ed25519Signer('custos.example/log', new Uint8Array(32).fill(7));
const witness = ed25519Signer('witness.example/w1', new Uint8Array(32).fill(9));
const other = ed25519Signer('witness.example/w2', new Uint8Array(32).fill(11));
const cosignerOf = ({ name, publicKey }: typeof witness) => parseCosignerKey(formatCosignerKey(name, publicKey));
const checkpoint = { origin: log.name, size: 20_852_163, root: new Uint8Array(32).fill('r'.charCodeAt(0)) };
const note = signCheckpoint(checkpoint, log);

it.each(vectors)('$proves', ({ cosigner, note: given, expect: expected }) => {
  const read = () => cosignaturesOn(given, [parseCosignerKey(cosigner)]);
  if (typeof expected === 'string') expect(read).toThrow(new MerkleError(expected));
  else expect(read()).toEqual(expected);
});

it('a cosignature is, byte for byte, what the program of others makes of the same key, note and time', () => {
  const [{ note: made, expect: expected }] = vectors as [Vector];
  expect(note + cosign(note, witness, (expected as Cosignature[])[0]?.at as number)).toBe(made);
});

describe('a cosignature does not count', () => {
  it('as the signature of a log, and that of a log not as a cosignature', () => {
    const asLog = parseVerifierKey(formatVerifierKey(witness.name, witness.publicKey));
    const cosigned = note + cosign(note, witness, 1);
    expect(() => openCheckpoint(cosigned, log.name, [asLog])).toThrow('checkpoint_refused');
    expect(cosignaturesOn(cosigned, [cosignerOf(log)])).toEqual([]);
    expect(() => parseCosignerKey(formatVerifierKey(log.name, log.publicKey))).toThrow('verifier_key_malformed');
    expect(() => parseVerifierKey(formatCosignerKey(log.name, log.publicKey))).toThrow('verifier_key_malformed');
  });

  it('without a time, or at one past what a number counts, even if its key signed that', () => {
    const { name } = witness;
    const { keyId } = cosignerOf(witness);
    const withTime = (time: bigint, signature: Uint8Array) => {
      const stamp = Buffer.alloc(8);
      stamp.writeBigUInt64BE(time);
      return note + signatureLine(name, keyId, Buffer.concat([stamp, signature]));
    };
    const read = (cosigned: string) => () => cosignaturesOn(cosigned, [cosignerOf(witness)]);
    const message = (time: bigint) => Buffer.from(`cosignature/v1\ntime ${time}\n${parseNote(note).text}`);
    const refused = new MerkleError('note_refused');
    const [last, next] = [2n ** 53n - 1n, 2n ** 53n];
    expect(read(withTime(last, witness.sign(message(last))))()).toEqual([{ name, at: Number(last) }]);
    expect(read(withTime(next, witness.sign(message(next))))).toThrow(refused);
    // This one is the same number as the one before it.
    expect(read(withTime(next + 1n, witness.sign(message(next))))).toThrow(refused);
    for (const length of [1, 7, 8])
      expect(read(note + signatureLine(name, keyId, new Uint8Array(length)))).toThrow(refused);
    expect(() => cosign(note, witness, -1)).toThrow('at: not an integer');
  });

  it('twice, and it is the later time that it is of', () => {
    const twice = note + cosign(note, witness, 7) + cosign(note, witness, 5);
    expect(cosignaturesOn(twice, [cosignerOf(witness)])).toEqual([{ name: witness.name, at: 7 }]);
  });
});

it('the key of a cosigner says so, and is otherwise that of a signer', () => {
  const { name, publicKey } = witness;
  expect(cosignerOf(witness)).toMatchObject({ name, publicKey, signs: 'cosignatures' });
});

it('a checkpoint with cosignatures on it opens as before, and each is found', () => {
  const cosigned = note + cosign(note, witness, 7) + cosign(note, other, 8);
  const logKey = parseVerifierKey(formatVerifierKey(log.name, log.publicKey));
  expect(openCheckpoint(cosigned, log.name, [logKey])).toEqual(checkpoint);
  expect(cosignaturesOn(cosigned, [cosignerOf(other), cosignerOf(witness)])).toEqual([
    { name: witness.name, at: 7 },
    { name: other.name, at: 8 },
  ]);
});
