import { readFileSync } from 'node:fs';
import { governanceSlices } from '../src/governance.js';
import { verifyBundle } from '../src/history/bundle/verify-bundle.js';
import { Governance } from '../src/log/governance.js';
import { sodiumReady } from '../src/sealing/sodium.js';

beforeAll(() => sodiumReady());

/**
 * A bundle of long ago verifies today: its reports are made again by the program of today. Where this turns red, what is
 * written has changed, and that is another format (docs/formats/bundle.md): give it another name, keep what reads this one,
 * and write a bundle of the new one beside it (CUSTOS_WRITE_BUNDLE=1 npx jest test/threats/a-forged-bundle).
 */
it('a bundle that was made by an earlier version verifies, byte for byte', () => {
  const archive = readFileSync('test/vectors/bundle.v1.zip');
  const verdict = verifyBundle(archive, {}, (trust) => Governance.empty(governanceSlices(trust)));
  expect(verdict).toMatchObject({ ok: true, problems: [], findings: [], checkpoints: 3 });
  expect(verdict.entries).toBe(28);
});
