import { deriveKey } from './derive.js';
import { sealFrame } from './frame.js';
import { Secret } from './secret.js';
import { publicKeyOf } from './signature.js';
import { libsodium, sodiumReady } from './sodium.js';
import { deriveSigningSeed, generateSubjectKey, unwrapSubjectKey, wrapSubjectKey } from './subject-key.js';

beforeAll(sodiumReady);

const root = (fill = 1) => new Secret(new Uint8Array(32).fill(fill));
const binding = { subject: 'sub_1', keyId: 'key_1' };
const tampered = { kind: 'tampered' };

describe('a wrapped subject key is answered as tampered', () => {
  const wrapped = () => wrapSubjectKey(root(), binding, generateSubjectKey().secretKey);

  it('when any one bit of it is flipped', () => {
    const whole = wrapped();
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const flipped = whole.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(unwrapSubjectKey(root(), binding, flipped)).toEqual(tampered);
    }
  });
  it('at every shorter length', () => {
    for (const length of wrapped().keys()) {
      expect(unwrapSubjectKey(root(), binding, wrapped().subarray(0, length))).toEqual(tampered);
    }
  });
  it.each([
    ['subject', { ...binding, subject: 'sub_2' }],
    ['key id', { ...binding, keyId: 'key_2' }],
    ['subject and key id that read the same together', { subject: 'sub_1k', keyId: 'ey_1' }],
  ])('in the row of another %s', (_, elsewhere) => {
    expect(unwrapSubjectKey(root(), elsewhere, wrapped())).toEqual(tampered);
  });
  it('under another root key', () => {
    expect(unwrapSubjectKey(root(2), binding, wrapped())).toEqual(tampered);
  });
});

describe('a subject key', () => {
  it('comes out of its wrapping as it went in', () => {
    const { publicKey, secretKey } = generateSubjectKey();
    const unwrapped = unwrapSubjectKey(root(), binding, wrapSubjectKey(root(), binding, secretKey));
    expect(unwrapped).toMatchObject({ kind: 'opened', publicKey });
    expect(unwrapped.kind === 'opened' && unwrapped.secretKey.bytes).toEqual(secretKey.bytes);
  });
  it('is a pair of X25519', () => {
    const { publicKey, secretKey } = generateSubjectKey();
    expect(libsodium().crypto_scalarmult_base(secretKey.bytes)).toEqual(publicKey);
  });
  it('is another one each time', () => {
    expect(generateSubjectKey().publicKey).not.toEqual(generateSubjectKey().publicKey);
  });
  it.each([31, 33])('is not wrapped if it is %i bytes', (length) => {
    expect(() => wrapSubjectKey(root(), binding, new Secret(new Uint8Array(length)))).toThrow(
      `secret key of subject: expected 32 bytes, got ${length}`,
    );
  });
  it('is wrapped and unwrapped by a key that is wiped afterwards, whatever came of it', () => {
    const { secretKey } = generateSubjectKey();
    const wiped = jest.spyOn(Secret.prototype, 'wipe');
    const wrapped = wrapSubjectKey(root(), binding, secretKey);
    unwrapSubjectKey(root(2), binding, wrapped);
    expect(() => unwrapSubjectKey(root(), { ...binding, keyId: '\ud800' }, wrapped)).toThrow('not well-formed');
    expect(wiped).toHaveBeenCalledTimes(3);
    wiped.mockRestore();
    expect(unwrapSubjectKey(root(), binding, wrapped).kind).toBe('opened');
  });
  it('is none if what is wrapped is not 32 bytes', () => {
    const key = deriveKey(root(), 'subjectKeyWrap', '');
    const wrapped = (length: number) =>
      sealFrame({ name: 'custos/subject-key', version: 1 }, key, binding, new Uint8Array(length));
    expect([31, 32, 33].map((length) => unwrapSubjectKey(root(), binding, wrapped(length)).kind)).toEqual([
      'tampered',
      'opened',
      'tampered',
    ]);
  });
  it('is not wrapped under a root key of another length', () => {
    const short = new Secret(new Uint8Array(16));
    expect(() => wrapSubjectKey(short, binding, generateSubjectKey().secretKey)).toThrow(
      'key to derive from: expected 32 bytes, got 16',
    );
  });
});

describe('a signing seed', () => {
  it('is the same for a root key and purpose, and another for another of either', () => {
    const keys = [
      deriveSigningSeed(root(), 'attest'),
      deriveSigningSeed(root(), 'attest'),
      deriveSigningSeed(root(), 'certify'),
      deriveSigningSeed(root(2), 'attest'),
    ].map((seed) => Buffer.from(publicKeyOf(seed)).toString('hex'));
    expect(keys[0]).toBe(keys[1]);
    expect(new Set(keys).size).toBe(3);
  });
});
