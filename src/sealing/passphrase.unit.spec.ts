import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openWithPassphrase, passphraseFrom, sealWithPassphrase } from './passphrase.js';
import { Secret } from './secret.js';
import { sodiumReady } from './sodium.js';

beforeAll(sodiumReady);

const passphrase = 'correct horse battery staple';
const binding = { person: 'ann', keyId: '5f0c' };
const message = Uint8Array.of(1, 2, 3);
const seal = () => sealWithPassphrase(passphraseFrom(passphrase), binding, new Secret(message.slice()));
const opened = async (sealed: Uint8Array, with_ = passphrase, bound: Record<string, string> = binding) =>
  (await openWithPassphrase(passphraseFrom(with_), bound, sealed))?.bytes;

describe('what is sealed with a passphrase', () => {
  let sealed: Uint8Array;
  beforeAll(async () => (sealed = await seal()));

  it('does not open with another passphrase, for somebody else, or changed or cut anywhere', async () => {
    expect(await opened(sealed, `${passphrase} `)).toBeUndefined();
    expect(await opened(sealed, passphrase, { ...binding, person: 'bob' })).toBeUndefined();
    for (const at of [0, 16, 17, 41, sealed.length - 1]) {
      const changed = sealed.slice();
      changed[at] = (changed[at] as number) ^ 1;
      expect(await opened(changed)).toBeUndefined();
    }
    for (const length of [0, 15, 16, 40, sealed.length - 1])
      expect(await opened(sealed.slice(0, length))).toBeUndefined();
  });
  it('opens, however its accents were typed', async () => {
    expect(await opened(sealed)).toEqual(message);
    const accented = await sealWithPassphrase(passphraseFrom('caf\u00e9'), binding, new Secret(message.slice()));
    expect(await opened(accented, 'cafe\u0301')).toEqual(message);
  });
  it('leaves no key behind, opened or not', async () => {
    const wiped = jest.spyOn(Secret.prototype, 'wipe');
    await opened(sealed);
    await opened(sealed, 'another');
    await expect(sealWithPassphrase(passphraseFrom('a'), { person: '\ud800' }, new Secret(message))).rejects.toThrow();
    expect(wiped).toHaveBeenCalledTimes(3);
    wiped.mockRestore();
  });
  it('is another text each time', async () => expect(await seal()).not.toEqual(sealed));
  it('opens for ever', async () => {
    const file = resolve(process.cwd(), 'src/sealing/vectors/passphrase.v1.json');
    const vector = JSON.parse(readFileSync(file, 'utf8')) as { passphrase: string; binding: Record<string, string>; sealed: string; message: string }; // prettier-ignore
    const found = await opened(Buffer.from(vector.sealed, 'hex'), vector.passphrase, vector.binding);
    expect(Buffer.from(found ?? []).toString('hex')).toBe(vector.message);
  });
});
