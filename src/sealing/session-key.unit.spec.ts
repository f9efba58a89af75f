import { Secret } from './secret.js';
import { columnKey, generateSessionKey, isSealedSessionKey, openSessionKey, sealSessionKey } from './session-key.js';
import { sodiumReady } from './sodium.js';
import { generateSubjectKey } from './subject-key.js';

beforeAll(sodiumReady);

const tampered = { kind: 'tampered' };

describe('a sealed session key is answered as tampered', () => {
  it('when any one bit of it is flipped', () => {
    const subject = generateSubjectKey();
    const sealed = sealSessionKey(subject.publicKey, generateSessionKey());
    // Bit 7 of an X25519 public key is ignored by RFC 7748 §5; here it is part of the nonce, so it counts.
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const flipped = sealed.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(openSessionKey(subject, flipped)).toEqual(tampered);
    }
  });
  it('at every other length', () => {
    const subject = generateSubjectKey();
    const sealed = sealSessionKey(subject.publicKey, generateSessionKey());
    for (const length of sealed.keys()) {
      expect(openSessionKey(subject, sealed.subarray(0, length))).toEqual(tampered);
    }
    expect(openSessionKey(subject, Uint8Array.of(...sealed, 0))).toEqual(tampered);
  });
  it('with the keys of another subject, or half of them', () => {
    const [subject, other] = [generateSubjectKey(), generateSubjectKey()];
    const sealed = sealSessionKey(subject.publicKey, generateSessionKey());
    expect(openSessionKey(other, sealed)).toEqual(tampered);
    expect(openSessionKey({ ...subject, secretKey: other.secretKey }, sealed)).toEqual(tampered);
    expect(openSessionKey({ ...subject, publicKey: other.publicKey }, sealed)).toEqual(tampered);
  });
});

describe('a session key', () => {
  it('opens for its subject', () => {
    const subject = generateSubjectKey();
    const sessionKey = generateSessionKey();
    const opened = openSessionKey(subject, sealSessionKey(subject.publicKey, sessionKey));
    expect(opened.kind === 'opened' && opened.sessionKey.bytes).toEqual(sessionKey.bytes);
  });
  it.each([31, 33])('is not sealed to a public key of %i bytes', (length) => {
    expect(() => sealSessionKey(new Uint8Array(length), generateSessionKey())).toThrow(
      `public key of subject: expected 32 bytes, got ${length}`,
    );
  });
  it.each([31, 33])('is not sealed if it is %i bytes', (length) => {
    const { publicKey } = generateSubjectKey();
    expect(() => sealSessionKey(publicKey, new Secret(new Uint8Array(length)))).toThrow(
      `session key: expected 32 bytes, got ${length}`,
    );
  });
  it('is not opened with halves of a key of another length: that is a mistake of ours, and no tampering', () => {
    const subject = generateSubjectKey();
    const sealed = sealSessionKey(subject.publicKey, generateSessionKey());
    expect(() => openSessionKey({ ...subject, publicKey: new Uint8Array(31) }, sealed)).toThrow(
      'public key of subject: expected 32 bytes, got 31',
    );
    expect(() => openSessionKey({ ...subject, secretKey: new Secret(new Uint8Array(33)) }, sealed)).toThrow(
      'secret key of subject: expected 32 bytes, got 33',
    );
  });
  it('has a form, sealed, which tells it from everything else without a key', () => {
    const sealed = sealSessionKey(generateSubjectKey().publicKey, generateSessionKey());
    expect(sealed).toHaveLength(81);
    expect(isSealedSessionKey(sealed)).toBe(true);
    expect(isSealedSessionKey(sealed.subarray(0, 80))).toBe(false);
    expect(isSealedSessionKey(Uint8Array.of(...sealed, 0))).toBe(false);
    expect(isSealedSessionKey(sealed.with(0, 2))).toBe(false);
  });
  it('is not sealed to a point of small order, which would give everyone the same shared secret', () => {
    expect(() => sealSessionKey(new Uint8Array(32), generateSessionKey())).toThrow();
  });
  it('is another one each time', () => {
    expect(generateSessionKey().bytes).not.toEqual(generateSessionKey().bytes);
  });
});

describe('a column key', () => {
  const sessionKey = new Secret(new Uint8Array(32).fill(3));
  const hex = (secret: Secret) => Buffer.from(secret.bytes).toString('hex');

  it('is one of its own for each field, and none is the session key', () => {
    const keys = ['typed', 'screen', 'screen.text', ''].map((field) => hex(columnKey(sessionKey, field)));
    expect(new Set([...keys, hex(sessionKey)]).size).toBe(5);
  });
  it('is of no name that UTF-8 cannot hold, and the error says what was named', () => {
    expect(() => columnKey(sessionKey, '\ud800')).toThrow('name of derived key: the text is not well-formed Unicode');
  });
  it('is the same whenever it is derived', () => {
    expect(hex(columnKey(sessionKey, 'typed'))).toBe(hex(columnKey(sessionKey, 'typed')));
  });
});
