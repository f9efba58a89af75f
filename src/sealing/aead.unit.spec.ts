import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { open, seal } from './aead.js';
import { Secret } from './secret.js';
import { sodiumReady } from './sodium.js';

beforeAll(sodiumReady);

const sized = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const inputs = fc.record({
  key: sized(32),
  nonce: sized(24),
  boundTo: fc.uint8Array({ maxLength: 200 }),
  message: fc.uint8Array({ maxLength: 300 }),
});

describe('opening is refused', () => {
  const key = new Secret(new Uint8Array(32).fill(1));
  const input = { nonce: new Uint8Array(24).fill(2), boundTo: Uint8Array.of(3) };
  const sealed = () => seal(key, input, Uint8Array.of(4));

  it.each([0, 1, 15])('of %i bytes, which cannot hold a tag', (length) => {
    expect(open(key, input, new Uint8Array(length))).toBeUndefined();
  });
  it('with a tag cut short, at each length', () => {
    const lengths = [...sealed().keys()];
    expect(lengths.map((length) => open(key, input, sealed().subarray(0, length)))).toEqual(
      lengths.map(() => undefined),
    );
  });
  it('under a nonce or a key of another length, with an error that names lengths only', () => {
    expect(() => open(key, { ...input, nonce: new Uint8Array(12) }, sealed())).toThrow(
      'nonce: expected 24 bytes, got 12',
    );
    expect(() => seal(new Secret(new Uint8Array(31)), input, Uint8Array.of(4))).toThrow(
      'key: expected 32 bytes, got 31',
    );
    expect(() => open(new Secret(new Uint8Array(33)), input, sealed())).toThrow('key: expected 32 bytes, got 33');
    expect(() => seal(key, { ...input, nonce: new Uint8Array(25) }, Uint8Array.of(4))).toThrow(
      'nonce: expected 24 bytes, got 25',
    );
  });
});

describe("libsodium's XChaCha20-Poly1305 and its twin on OpenSSL", () => {
  it('seal the same message to the same bytes, and open it', () => {
    fc.assert(
      fc.property(inputs, ({ key, message, ...input }) => {
        const sealed = seal(new Secret(key), input, message);
        expect(twin.seal(key, input, message)).toEqual(sealed);
        expect(open(new Secret(key), input, sealed)).toEqual(message);
        expect(twin.open(key, input, sealed)).toEqual(message);
      }),
    );
  });

  it.each([4_095, 4_096, 4_097, 65_536, 1_000_000])('agree on %i bytes', (length) => {
    const [key, nonce, boundTo, message] = [32, 24, 80, length].map((size) => new Uint8Array(randomBytes(size))) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const same = Buffer.compare(
      twin.seal(key, { nonce, boundTo }, message),
      seal(new Secret(key), { nonce, boundTo }, message),
    );
    expect(same).toBe(0);
  });

  it('refuse the same change of one bit', () => {
    fc.assert(
      fc.property(inputs, fc.nat(), ({ key, message, ...input }, bit) => {
        const sealed = seal(new Secret(key), input, message);
        sealed[(bit >> 3) % sealed.length]! ^= 1 << (bit & 7);
        expect(open(new Secret(key), input, sealed)).toBeUndefined();
        expect(() => twin.open(key, input, sealed)).toThrow();
      }),
    );
  });

  it('have the HChaCha20 of the draft (draft-irtf-cfrg-xchacha-03 §2.2.1)', () => {
    const key = Uint8Array.from({ length: 32 }, (_, index) => index);
    const input = Buffer.from('000000090000004a0000000031415927', 'hex');
    expect(Buffer.from(hchacha20(key, input)).toString('hex')).toBe(
      '82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc',
    );
  });

  it('refuse a tag of less than 16 bytes, the twin because it says authTagLength', () => {
    const decipher = createDecipheriv('chacha20-poly1305', new Uint8Array(32), new Uint8Array(12), {
      authTagLength: 16,
    });
    expect(() => decipher.setAuthTag(new Uint8Array(15))).toThrow('Invalid authentication tag length: 15');
  });
});

/**
 * The same cipher from other hands: slow, short, and no part of the product (aead.ts says why). ChaCha20's block is
 * the state after its rounds plus the state before them, word by word. Subtract the words before, all of them
 * public, and words 0 to 3 and 12 to 15 are HChaCha20.
 */
function hchacha20(key: Uint8Array, input: Uint8Array): Uint8Array {
  const block = createCipheriv('chacha20', key, input).update(new Uint8Array(64));
  const before = Buffer.concat([Buffer.from('expand 32-byte k'), input]);
  const subkey = Buffer.alloc(32);
  for (const [at, from] of [0, 4, 8, 12, 48, 52, 56, 60].entries()) {
    subkey.writeUInt32LE((block.readUInt32LE(from) - before.readUInt32LE(at * 4)) >>> 0, at * 4);
  }
  return new Uint8Array(subkey);
}

const twin = {
  ietf: (key: Uint8Array, nonce: Uint8Array) =>
    [hchacha20(key, nonce.subarray(0, 16)), Buffer.concat([Buffer.alloc(4), nonce.subarray(16)])] as const,
  seal(key: Uint8Array, { nonce, boundTo }: { nonce: Uint8Array; boundTo: Uint8Array }, message: Uint8Array) {
    const cipher = createCipheriv('chacha20-poly1305', ...twin.ietf(key, nonce), { authTagLength: 16 });
    cipher.setAAD(boundTo, { plaintextLength: message.length });
    return new Uint8Array(Buffer.concat([cipher.update(message), cipher.final(), cipher.getAuthTag()]));
  },
  open(key: Uint8Array, { nonce, boundTo }: { nonce: Uint8Array; boundTo: Uint8Array }, sealed: Uint8Array) {
    const message = sealed.subarray(0, -16);
    const decipher = createDecipheriv('chacha20-poly1305', ...twin.ietf(key, nonce), { authTagLength: 16 });
    decipher.setAAD(boundTo, { plaintextLength: message.length });
    decipher.setAuthTag(sealed.subarray(-16));
    return new Uint8Array(Buffer.concat([decipher.update(message), decipher.final()]));
  },
};
