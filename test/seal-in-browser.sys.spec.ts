import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { openColumn } from '../src/sealing/open-column.js';
import type { SealedPost } from '../src/sealing/seal-at-source.js';
import { columnKey, openSessionKey } from '../src/sealing/session-key.js';
import { signedBatch, signedEpoch } from '../src/sealing/source-claims.js';
import { generateSigningKey } from '../src/sealing/signature.js';
import { sodiumReady } from '../src/sealing/sodium.js';
import { generateSubjectKey } from '../src/sealing/subject-key.js';
import { bareContext, sealingForBrowsers } from './sealing-for-browsers.js';

beforeAll(sodiumReady);

const about = { origin: 'custos.example/browser', session: 'page', subject: 's1' };
const catalogue = { version: 1, fields: ['time', 'typed', 'other'] };
const values = [{ text: 'größer' }, undefined, { text: 'x'.repeat(2000) }];
const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

it('the bundle for browsers holds nothing of Node’s, and no zlib', async () => {
  const { imports, inputs } = await sealingForBrowsers();
  expect(imports).toEqual([]);
  expect(inputs.filter((path) => path.includes('sealing/')).length).toBeGreaterThan(10);
  expect(inputs.some((path) => path.endsWith('dist/sealing/deflate-browser.js'))).toBe(true);
  expect(inputs.filter((path) => /^dist\/(?!sealing\/|keys\/attestation)/.test(path))).toEqual([]);
  // A bundle that does need something of Node's would be told by this.
  const entry = join(process.cwd(), 'dist/sealing/column-unpack.js');
  const needing = build({ entryPoints: [entry], bundle: true, platform: 'browser', write: false, logLevel: 'silent' });
  await expect(needing).rejects.toThrow('node:zlib');
});

it('what it seals where there is no Node opens, and is what the source signed', async () => {
  const { code } = await sealingForBrowsers();
  const subject = generateSubjectKey();
  const source = generateSigningKey();
  const records = values.map((value, index) => ({ sequence: index, time: 1000 + index, parts: { typed: value } }));
  const asked = {
    ...about,
    catalogue,
    records,
    subjectKey: { keyId: 'k1', publicKey: [...subject.publicKey] },
    seed: [...source.seed.bytes],
  };
  const sealed = await inBareWorker<SealedPost>(code, asked);
  const { epoch, batches } = sealed;
  const [batch] = batches as [SealedPost['batches'][number]];

  const opened = openSessionKey(subject, bytes(epoch.sealedKey));
  if (opened.kind !== 'opened') throw new Error('the session key does not open');
  const columns = batch.columns.map(({ field, sha256, sealed: text }) => {
    const bound = { ...about, entry: hex(batch.id), field, count: 3, catalogue: 1 };
    const column = openColumn(columnKey(opened.sessionKey, field), bound, bytes(text));
    return { field, sha256, bytes: bytes(text).length, values: column.kind === 'opened' && column.values };
  });
  expect(columns.map(({ field, values: found }) => [field, found])).toEqual([
    ['time', [[1000], [1001], [1002]]],
    ['typed', values],
  ]);
  const { sealedKey, keyId, id, signature } = epoch;
  const claim = { ...about, epoch: hex(id), keyId, sealedKey: bytes(sealedKey) };
  expect(signedEpoch(source.publicKey, claim, bytes(signature))).toBe(true);
  const { first, count, from, to } = batch;
  const { session, ...where } = about;
  const signedClaim = {
    ...where,
    id: hex(batch.id),
    data: { session, epoch: hex(id), first, count, from, to, catalogue: 1 },
    columns: columns.map(({ field, bytes: length, sha256 }) => ({ field, bytes: length, sha256: hex(sha256) })),
  };
  expect(signedBatch(source.publicKey, signedClaim, bytes(batch.signature))).toBe(true);
});

function inBareWorker<T>(code: string, asked: unknown): Promise<T> {
  const worker = new Worker(bareContext, { eval: true, workerData: { code, asked } });
  return new Promise<T>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  }).finally(() => worker.terminate());
}
