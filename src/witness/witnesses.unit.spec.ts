import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatCosignerKey } from '../merkle/cosignature.js';
import { ed25519Signer } from '../merkle/note.js';
import { cosignerKey, logKey, witnessSigner } from './paper-log.spec.js';
import { initWitness, readWitnessFiles, witnessFiles } from './witness-files.js';
import { readWitnesses } from './witnesses.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-witness-'));
});
afterEach(() => rm(folder, { recursive: true }));

const url = 'https://witness.example';
const other = ed25519Signer('witness.example/w2', new Uint8Array(32).fill(4));
const otherKey = formatCosignerKey(other.name, other.publicKey);
const sameKey = formatCosignerKey('witness.example/alias', witnessSigner.publicKey);
const w1 = { key: cosignerKey, url };

describe('a list of witnesses', () => {
  const read = async (content: unknown) => {
    const file = join(folder, 'witnesses.json');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return readWitnesses(file);
  };

  it('asks all of them at a start, for half a minute, unless it says otherwise', async () => {
    const witnesses = [w1, { key: otherKey, url }];
    expect(await read({ witnesses })).toMatchObject({ neededAtStart: 2, waitAtStartMs: 30_000 });
    expect((await read({ witnesses })).all.map(({ name }) => name)).toEqual([witnessSigner.name, other.name]);
    expect(await read({ witnesses, neededAtStart: 0, waitAtStartSeconds: 1 })).toMatchObject({ neededAtStart: 0, waitAtStartMs: 1000 }); // prettier-ignore
  });

  it.each([
    ['is no JSON', 'witness.example'],
    ['has none', { witnesses: [] }],
    ['has the key of a log', { witnesses: [{ key: logKey, url }] }],
    ['has one key under two names', { witnesses: [w1, { key: sameKey, url }] }],
    ['has one twice', { witnesses: [w1, w1] }],
    ['has a URL of another kind', { witnesses: [{ key: cosignerKey, url: 'file:///etc' }] }],
    ['has a URL that ends in a slash', { witnesses: [{ key: cosignerKey, url: `${url}/` }] }],
    ['needs more than there are', { witnesses: [w1], neededAtStart: 2 }],
    ['has a word that nobody knows', { witnesses: [w1], needed: 1 }],
  ])('is refused if it %s, and nothing of it is repeated', async (_what, content) => {
    const refused = (await read(content).catch((error: unknown) => error)) as { code: string };
    expect(refused.code).toBe('witness_file_invalid');
    expect(JSON.stringify(refused)).not.toMatch(/witness\.example|etc|needed"/);
  });

  it('names every place that is wrong at once', async () => {
    const refused = read({ witnesses: [{ key: 'x', url: 'y' }] });
    await expect(refused).rejects.toMatchObject({
      members: { issues: [{ path: 'witnesses.0.key' }, { path: 'witnesses.0.url' }] },
    });
  });
});

describe('the files of a witness', () => {
  const log = { origin: 'custos.example/paper', key: logKey };

  it('are made once, for its owner only', async () => {
    const { key } = await initWitness(folder, { name: 'witness.example/w1', logs: [log] });
    expect(await initWitness(folder, { name: 'witness.example/w1', logs: [] })).toEqual({ key });
    const { signer, logs } = await readWitnessFiles(folder);
    expect(formatCosignerKey(signer.name, signer.publicKey)).toBe(key);
    expect(logs.map(({ origin }) => origin)).toEqual([log.origin]);
  });

  it('say where the token is, beside them', async () => {
    await initWitness(folder, { name: 'w', logs: [{ ...log, url, tokenFile: 'token' }] });
    expect((await readWitnessFiles(folder)).logs).toMatchObject([{ url, tokenFile: join(folder, 'token') }]);
  });

  it.each([
    ['one origin twice', { name: 'w', logs: [log, log] }],
    ['the key of a witness for a log', { name: 'w', logs: [{ ...log, key: cosignerKey }] }],
    ['a name with a plus', { name: 'w+1', logs: [] }],
  ])('are refused with %s', async (_what, content) => {
    await expect(initWitness(folder, content)).rejects.toMatchObject({ code: 'witness_file_invalid' });
  });

  it('are refused with a key that is none', async () => {
    await initWitness(folder, { name: 'w', logs: [] });
    await writeFile(witnessFiles(folder).key, 'x');
    await expect(readWitnessFiles(folder)).rejects.toMatchObject({ code: 'witness_file_invalid' });
  });
});
