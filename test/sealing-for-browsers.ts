import { build } from 'esbuild';

/** What a page needs to seal at its own end; `sealHere` is what the tests ask of it. */
const entry = `
import { attests } from './dist/keys/attestation.js';
import { SourceSealer } from './dist/sealing/seal-at-source.js';
import { Secret } from './dist/sealing/secret.js';
import { sodiumReady } from './dist/sealing/sodium.js';
globalThis.sealHere = async ({ records, subjectKey, seed, ...about }) => {
  await sodiumReady();
  const publicKey = Uint8Array.from(subjectKey.publicKey);
  if (attests(publicKey, { subject: about.subject, keyId: subjectKey.keyId, publicKey }, new Uint8Array(64))) throw new Error();
  const signer = { keyId: 'f'.repeat(16), seed: new Secret(Uint8Array.from(seed)) };
  const sealer = await SourceSealer.open({ ...about, subjectKey: { ...subjectKey, publicKey }, signer });
  return sealer.seal(records.map((record) => ({ ...record, tags: new Set() })), []);
};`;

/** The sealing part as a bundler gives it to browsers, from what is built; package.json's `browser` replaces one file. */
export async function sealingForBrowsers() {
  const { outputFiles, metafile } = await build({
    stdin: { contents: entry, resolveDir: process.cwd(), sourcefile: 'entry.js' },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return { code: outputFiles[0]?.text ?? '', imports, inputs: Object.keys(metafile.inputs) };
}

/** The source of a worker that has the web's names left and none of Node's. */
export const bareContext = `
const { parentPort, workerData: { code, asked } } = require('node:worker_threads');
for (const name of ['process', 'Buffer', 'global', 'require', 'module', 'exports', '__filename', '__dirname', 'setImmediate']) {
  delete globalThis[name];
}
// Evaluated globally, where this function's \`require\` is out of reach.
(0, eval)(code);
if (typeof process !== 'undefined' || (0, eval)('typeof require') !== 'undefined') throw new Error('Node is still there');
sealHere(asked).then((sealed) => parentPort.postMessage(sealed), (error) => { throw error; });
`;
