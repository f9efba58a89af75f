import fc from 'fast-check';
import { Secret } from './secret.js';
import { generateSigningKey, publicKeyOf, sign, verify } from './signature.js';
import { libsodium, sodiumReady } from './sodium.js';

beforeAll(sodiumReady);

const message = new TextEncoder().encode('approved');

describe('a signature is not valid', () => {
  it('with any one bit of it, of the message or of the key flipped', () => {
    const { publicKey, seed } = generateSigningKey();
    const whole = [publicKey, message, sign(seed, message)] as const;
    whole.forEach((part, which) => {
      for (let bit = 0; bit < part.length * 8; bit += 1) {
        const flipped = part.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const [key, text, signature] = whole.map((other, index) => (index === which ? flipped : other));
        expect(verify(key!, text!, signature!)).toBe(false);
      }
    });
  });
  it('at any other length of key or signature, and without either', () => {
    const { publicKey, seed } = generateSigningKey();
    const signature = sign(seed, message);
    for (const length of [0, 1, 31, 33, 63, 65]) {
      const cut = (bytes: Uint8Array) => Uint8Array.of(...bytes, 0).subarray(0, length);
      expect(verify(cut(publicKey), message, signature)).toBe(false);
      expect(verify(publicKey, message, cut(signature))).toBe(false);
    }
    expect(verify(undefined as unknown as Uint8Array, message, signature)).toBe(false);
    expect(verify(publicKey, message, 'text' as unknown as Uint8Array)).toBe(false);
  });
  it('under a key of small order, which would sign everything', () => {
    const identity = new Uint8Array(32);
    identity[0] = 1;
    expect(verify(identity, message, Uint8Array.of(...identity, ...new Uint8Array(32)))).toBe(false);
  });
});

describe('a signature', () => {
  it('verifies under the key of its seed, for any message', () => {
    const { publicKey, seed } = generateSigningKey();
    fc.assert(fc.property(fc.uint8Array(), (any) => expect(verify(publicKey, any, sign(seed, any))).toBe(true)));
  });
  it('is that of RFC 8032 §7.1, test 2', () => {
    const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
    const seed = new Secret(hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'));
    expect(publicKeyOf(seed)).toEqual(hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'));
    expect(sign(seed, Uint8Array.of(0x72))).toEqual(
      hex(
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
          '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
      ),
    );
  });
  it('leaves no expanded private key behind, neither made nor failed', () => {
    const expanded = jest.spyOn(libsodium(), 'crypto_sign_seed_keypair');
    const { seed } = generateSigningKey();
    sign(seed, message);
    expect(() => sign(seed, 7 as unknown as Uint8Array)).toThrow();
    const kept = expanded.mock.results.map(({ value }) => (value as { privateKey: Uint8Array }).privateKey);
    expanded.mockRestore();
    expect(kept).toEqual([1, 2, 3].map(() => new Uint8Array(64)));
  });
  it.each([31, 33, 64])('is not made with a seed of %i bytes', (length) => {
    expect(() => sign(new Secret(new Uint8Array(length)), message)).toThrow(
      `signing seed: expected 32 bytes, got ${length}`,
    );
  });
});
