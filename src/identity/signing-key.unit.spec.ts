import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PersonId } from '../log/ids.js';
import { passphraseFrom } from '../sealing/passphrase.js';
import { publicKeyOf } from '../sealing/signature.js';
import { sodiumReady } from '../sealing/sodium.js';
import { newSealedKeyFile, newSigningKeyFile, readSigningKey } from './signing-key.js';

let dir: string;
let text: string;
const passphrase = 'correct horse battery staple';
const ask = (typed = passphrase) => Promise.resolve(passphraseFrom(typed));
beforeAll(async () => {
  await sodiumReady();
  dir = await mkdtemp(join(tmpdir(), 'custos-key-'));
  text = await newSealedKeyFile('ann' as PersonId, await ask());
});
afterAll(() => rm(dir, { recursive: true }));

async function read(content: string, typed?: string) {
  const path = join(dir, 'key.json');
  await writeFile(path, content);
  return readSigningKey(path, () => ask(typed));
}
const changed = (differing: Record<string, unknown>) => JSON.stringify({ ...JSON.parse(text), ...differing });

describe('a sealed signing key', () => {
  it('is refused with another passphrase', () =>
    expect(read(text, 'correct horse battery stable')).rejects.toMatchObject({ code: 'passphrase_wrong' }));
  it.each([{ person: 'bob' }, { keyId: '0000000000000000' }])('is refused as %j', (of) =>
    expect(read(changed(of))).rejects.toMatchObject({ code: 'passphrase_wrong' }),
  );
  it('is refused with its seed beside it', () =>
    expect(read(changed({ seed: 'AAAA' }))).rejects.toMatchObject({ code: 'usage' }));
  it('has no seed in its file, and signs as whom it says', async () => {
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['person', 'keyId', 'publicKey', 'sealedSeed']);
    const key = await read(text);
    expect(key.person).toBe('ann');
    expect(publicKeyOf(key.seed)).toEqual(key.publicKey);
    expect(text).not.toContain(Buffer.from(key.seed.bytes).toString('base64'));
  });
});

it('nobody is asked for the passphrase of an open one', async () => {
  const path = join(dir, 'open.json');
  await writeFile(path, newSigningKeyFile('ann' as PersonId));
  const nobody = () => Promise.reject(new Error('asked'));
  expect(await readSigningKey(path, nobody)).toMatchObject({ person: 'ann' });
});
