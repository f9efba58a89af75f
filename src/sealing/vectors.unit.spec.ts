import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { decodeCanonical, encodeCanonical, hashCanonical } from './canonical.js';
import { sealColumnWithNonce, type ColumnBinding, type ColumnValue } from './column.js';
import { openColumn } from './open-column.js';
import { Secret } from './secret.js';
import { columnKey, openSessionKey } from './session-key.js';
import { sodiumReady } from './sodium.js';
import { deriveSigningSeed, unwrapSubjectKey, wrapSubjectKeyWithNonce } from './subject-key.js';

/**
 * The formats as they are stored. These files never change: what was sealed once must open for years. A new
 * version of a format gets a file of its own beside them.
 */
const vectors = <Vector>(file: string) =>
  JSON.parse(readFileSync(resolve(process.cwd(), 'src/sealing/vectors', file), 'utf8')) as Vector[];

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const secret = (text: string) => new Secret(fromHex(text));

type Opened<T> = { proves: string; expect: 'opened' } & T;
type Any<Common, IfOpened> = Common & ({ proves: string; expect: 'tampered' } | Opened<IfOpened>);

beforeAll(sodiumReady);

describe('a column', () => {
  type Vector = Any<
    { sessionKey: string; binding: Omit<ColumnBinding, 'entry'> & { entry: string }; sealed: string },
    /** JSON text, since JSON has no undefined: null for a record that lacks the field. */
    { nonce: string; values: (string | null)[] }
  >;
  it.each(vectors<Vector>('columns.v1.json'))('$expect: $proves', (vector) => {
    const { sessionKey, binding, sealed } = vector;
    const key = columnKey(secret(sessionKey), binding.field);
    const bound = { ...binding, entry: fromHex(binding.entry) };
    const opened = openColumn(key, bound, fromHex(sealed));
    if (vector.expect === 'tampered') return expect(opened).toEqual({ kind: 'tampered' });
    const values = vector.values.map((text) => (text === null ? undefined : (JSON.parse(text) as ColumnValue)));
    expect(opened.kind === 'opened' && isDeepStrictEqual(opened.values, values)).toBe(true);
    // Deflate has many right answers; these inputs are too short for zlib's versions to differ.
    expect(hex(sealColumnWithNonce(fromHex(vector.nonce), key, bound, values))).toBe(sealed);
  });
});

describe('a wrapped subject key', () => {
  type Vector = Any<
    { rootKey: string; binding: { subject: string; keyId: string }; wrapped: string },
    { nonce: string; secretKey: string }
  >;
  it.each(vectors<Vector>('subject-keys.v1.json'))('$expect: $proves', (vector) => {
    const { rootKey, binding, wrapped } = vector;
    const opened = unwrapSubjectKey(secret(rootKey), binding, fromHex(wrapped));
    if (vector.expect === 'tampered') return expect(opened).toEqual({ kind: 'tampered' });
    const { nonce, secretKey } = vector;
    expect(opened.kind === 'opened' && hex(opened.secretKey.bytes)).toBe(secretKey);
    expect(hex(wrapSubjectKeyWithNonce(fromHex(nonce), secret(rootKey), binding, secret(secretKey)))).toBe(wrapped);
  });
});

describe('a sealed session key', () => {
  type Vector = Any<{ publicKey: string; secretKey: string; sealed: string }, { sessionKey: string }>;
  it.each(vectors<Vector>('session-keys.v1.json'))('$expect: $proves', (vector) => {
    const { publicKey, secretKey, sealed } = vector;
    const opened = openSessionKey({ publicKey: fromHex(publicKey), secretKey: secret(secretKey) }, fromHex(sealed));
    if (vector.expect === 'tampered') return expect(opened).toEqual({ kind: 'tampered' });
    expect(opened.kind === 'opened' && hex(opened.sessionKey.bytes)).toBe(vector.sessionKey);
  });
});

describe('a derived key', () => {
  const derive = { column: columnKey, 'signing seed': deriveSigningSeed };
  type Vector = { proves: string; derive: keyof typeof derive } & Record<'from' | 'name' | 'derived', string>;
  it.each(vectors<Vector>('derived-keys.v1.json'))('$proves', ({ derive: which, from, name, derived }) => {
    expect(hex(derive[which](secret(from), name).bytes)).toBe(derived);
  });
});

describe('deterministic CBOR', () => {
  type Vector = Record<'proves' | 'domain' | 'json' | 'encoded' | 'hash', string>;
  it.each(vectors<Vector>('canonical.v1.json'))('$proves', ({ domain, json, encoded, hash }) => {
    const value: unknown = JSON.parse(json);
    expect(hex(encodeCanonical(value))).toBe(encoded);
    expect(decodeCanonical(fromHex(encoded))).toEqual(value);
    expect(hex(hashCanonical(domain, value))).toBe(hash);
    expect(hash).toBe(createHash('sha256').update(`${domain}\0`).update(fromHex(encoded)).digest('hex'));
  });
});
