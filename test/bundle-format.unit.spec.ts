import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { governanceSlices } from '../src/governance.js';
import { packArchive, unpackArchive, type BundleFile } from '../src/history/bundle/archive.js';
import { verifyBundle } from '../src/history/bundle/verify-bundle.js';
import { Governance } from '../src/log/governance.js';
import { sodiumReady } from '../src/sealing/sodium.js';

beforeAll(() => sodiumReady());

const archive = new Uint8Array(readFileSync('test/vectors/bundle.v1.zip'));
const verify = (bytes: Uint8Array) => verifyBundle(bytes, {}, (trust) => Governance.empty(governanceSlices(trust)));

/**
 * A bundle of long ago verifies today: its reports are made again by the program of today. Where this turns red, what is
 * written has changed, and that is another format (docs/formats/bundle.md): give it another name, keep what reads this one,
 * and write a bundle of the new one beside it (CUSTOS_WRITE_BUNDLE=1 npx jest test/threats/a-forged-bundle).
 */
it('a bundle that was made by an earlier version verifies, byte for byte', () => {
  const verdict = verify(archive);
  expect(verdict).toMatchObject({ ok: true, problems: [], findings: [], checkpoints: 3 });
  expect(verdict.entries).toBe(28);
});

describe('whatever becomes of its bytes, it is refused, and by an answer:', () => {
  const flipped = (bytes: Uint8Array, at: number, bit: number) =>
    bytes.map((byte, index) => (index === at % bytes.length ? byte ^ (1 << bit) : byte));
  const bits = fc.integer({ min: 0, max: 7 });

  it('a bit of the archive', () => {
    fc.assert(
      fc.property(fc.nat(archive.length - 1), bits, (at, bit) => !verify(flipped(archive, at, bit)).ok),
      { numRuns: 100 },
    );
  });

  it('a bit of a file, in an archive that fits it', () => {
    const files = unpackArchive(archive) as BundleFile[];
    const one = fc.tuple(fc.nat(files.length - 1), fc.nat(), bits);
    fc.assert(
      fc.property(one, ([index, at, bit]) => {
        const changed = files.map((file, number) => (number === index ? { ...file, bytes: flipped(file.bytes, at, bit) } : file)); // prettier-ignore
        return !verify(packArchive(changed)).ok;
      }),
      { numRuns: 200 },
    );
  });
});
