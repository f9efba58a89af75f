import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openCheckpoint, signCheckpoint } from './checkpoint.js';
import { cosign, cosignaturesOn, formatCosignerKey, parseCosignerKey, type Cosignature } from './cosignature.js';
import { MerkleError, type MerkleErrorCode } from './merkle-error.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from './note.js';

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

  it('twice, and it is the later time that it is of', () => {
    const twice = note + cosign(note, witness, 7) + cosign(note, witness, 5);
    expect(cosignaturesOn(twice, [cosignerOf(witness)])).toEqual([{ name: witness.name, at: 7 }]);
  });
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
