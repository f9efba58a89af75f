import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { inflateRawSync } from 'node:zlib';
import sodium from 'libsodium-wrappers';
import { columnKey } from './session-key.js';
import { sealColumnWithNonce } from './column.js';
import { packColumn } from './column-pack.js';
import type { Json } from './json-data.js';
import { Secret } from './secret.js';
import type { SealedPost } from './seal-at-source.js';
import { sodiumReady } from './sodium.js';

/**
 * Reads the vectors as docs/formats/sealed-batch.md has it, with libsodium, zlib and SHA-256, and not a line of ours:
 * what another language would do. `readPost` refuses with the codes of the document.
 */
interface Opened {
  readonly messages: readonly string[];
  readonly columns: readonly { readonly field: string; readonly values: readonly unknown[]; readonly bound: string }[];
}
interface Post {
  readonly session: string;
  readonly subject: string;
  readonly sealed: SealedPost;
}
interface Keys {
  readonly origin: string;
  readonly subject: Record<'id' | 'keyId' | 'publicKey' | 'secretKey', string>;
  readonly source: Record<'keyId' | 'seed' | 'publicKey', string>;
  readonly keyholder: Record<'publicKey' | 'attestation' | 'attestationMessage', string>;
}

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function readPost({ session, subject, sealed }: Post, keys: Keys): Opened | string {
  const { origin, source } = keys;
  const isSigned = (message: Uint8Array, signature: string) =>
    sodium.crypto_sign_verify_detached(fromBase64(signature), message, fromHex(source.publicKey));
  for (const { sha256: named, sealed: text } of sealed.batches.flatMap(({ columns }) => columns)) {
    if (sha256(fromBase64(text)) !== named) return 'column_changed';
  }
  const { id, keyId, sealedKey: text, signature } = sealed.epoch;
  const [epoch, sealedKey] = [fromHex(id), fromBase64(text)];
  const message = cbor({ custos: 'sealed-epoch.v1', origin, subject, session, epoch, keyId, sealedKey });
  if (!sha256(sealedKey).startsWith(id) || !isSigned(message, signature)) return 'batch_signature_invalid';
  const messages = [hex(message)];
  const columns = [];
  for (const { id: entryHex, columns: posted, signature: signed, ...told } of sealed.batches) {
    const entry = fromHex(entryHex);
    const hashed = posted.map(({ field, sha256: named, sealed: bytes }) => ({ field, bytes: fromBase64(bytes).length, sha256: fromHex(named) })); // prettier-ignore
    const data = { session, epoch, ...told };
    const batch = cbor({ custos: 'sealed-batch.v1', origin, subject, id: entry, data, columns: hashed });
    if (!isSigned(batch, signed)) return 'batch_signature_invalid';
    messages.push(hex(batch));
    const sessionKey = sodium.crypto_box_seal_open(sealedKey.slice(1), fromHex(keys.subject.publicKey), fromHex(keys.subject.secretKey)); // prettier-ignore
    for (const { field, sealed: bytes } of posted) {
      const { count, catalogue } = told;
      const bound = cbor({ origin, session, entry, field, count, catalogue, format: 'custos/column', version: 1 });
      columns.push({ field, values: openedColumn(fromBase64(bytes), sessionKey, field, bound), bound: hex(bound) });
    }
  }
  return { messages, columns };
}

function openedColumn(sealed: Uint8Array, sessionKey: Uint8Array, field: string, bound: Uint8Array): unknown[] {
  const key = sodium.crypto_generichash(32, Buffer.from(`custos/column/v1\0${field}`), sessionKey);
  const [version, nonce, rest] = [sealed[0], sealed.slice(1, 25), sealed.slice(25)];
  expect(version).toBe(1);
  const padded = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, rest, bound, nonce, key);
  const end = Buffer.from(padded).lastIndexOf(0x80);
  expect(padded.slice(end + 1).every((byte) => byte === 0)).toBe(true);
  expect(padded.length).toBe(Math.max(64, padme(end + 1)));
  const [values, at] = readCbor(inflateRawSync(padded.slice(0, end)), 0);
  expect(at).toBe(inflateRawSync(padded.slice(0, end)).length);
  return values as unknown[];
}

function padme(n: number): number {
  const e = Math.floor(Math.log2(n));
  const step = 2 ** (e - (Math.floor(Math.log2(e)) + 1));
  return Math.ceil(n / step) * step;
}

/** Deterministic CBOR of what is signed and bound: whole numbers, texts, bytes, arrays and maps. */
function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return cborHead(0, value);
  if (typeof value === 'string') return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([cborHead(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([cborHead(4, value.length), ...value.map(cbor)]);
  const members = Object.entries(value as object).map(([key, member]) => [cbor(key), cbor(member)] as const);
  // Texts as CBOR begin with their length, so that whole keys compare.
  members.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([cborHead(5, members.length), ...members.flat()]);
}

function cborHead(major: number, argument: number): Buffer {
  const width = argument < 24 ? 0 : argument < 256 ? 1 : argument < 65536 ? 2 : argument < 2 ** 32 ? 4 : 8;
  const head = Buffer.alloc(1 + width);
  head[0] = (major << 5) | (width === 0 ? argument : 24 + Math.log2(width));
  if (width === 8) head.writeBigUInt64BE(BigInt(argument), 1);
  else if (width > 0) head.writeUIntBE(argument, 1, width);
  return head;
}

function readCbor(bytes: Buffer, at: number): [value: unknown, end: number] {
  const [major, info] = [bytes.readUInt8(at) >> 5, bytes.readUInt8(at) & 31];
  if (major === 7) return readSimple(bytes, at, info);
  const width = info < 24 ? 0 : 2 ** (info - 24);
  const argument = width === 0 ? info : width === 8 ? Number(bytes.readBigUInt64BE(at + 1)) : bytes.readUIntBE(at + 1, width); // prettier-ignore
  let next = at + 1 + width;
  const item = () => {
    const [value, end] = readCbor(bytes, next);
    next = end;
    return value;
  };
  switch (major) {
    case 0:
      return [argument, next];
    case 1:
      return [-1 - argument, next];
    case 2:
      return [bytes.subarray(next, next + argument), next + argument];
    case 3:
      return [bytes.toString('utf8', next, next + argument), next + argument];
    case 4:
      return [Array.from({ length: argument }, item), next];
    case 5: {
      const map = Array.from({ length: argument }, () => [item() as string, item()] as const);
      return [Object.fromEntries(map), next];
    }
    default:
      expect(argument).toBe(69);
      return [(item() as Buffer).toString('utf16le'), next];
  }
}

function readSimple(bytes: Buffer, at: number, info: number): [value: unknown, end: number] {
  switch (info) {
    case 25: {
      const half = bytes.readUInt16BE(at + 1);
      const [exponent, mantissa] = [(half >> 10) & 31, half & 1023];
      const size = exponent === 0 ? mantissa * 2 ** -24 : (mantissa + 1024) * 2 ** (exponent - 25);
      return [half & 0x8000 ? -size : size, at + 3];
    }
    case 26:
      return [bytes.readFloatBE(at + 1), at + 5];
    case 27:
      return [bytes.readDoubleBE(at + 1), at + 9];
    default:
      return [[false, true, null, undefined][info - 20], at + 1];
  }
}

type Vector = { proves: string; body: Post } & (
  | {
      expect: 'opened';
      epochMessage: string;
      batchMessage: string;
      sessionKey: string;
      columns: (Record<'field' | 'cbor' | 'padded' | 'key' | 'nonce' | 'bound', string> & {
        values: (string | null)[];
      })[];
    }
  | { expect: 'column_changed' | 'batch_signature_invalid' }
);
const { keys, vectors } = JSON.parse(
  readFileSync(resolve(process.cwd(), 'src/sealing/vectors/sealed-batches.v1.json'), 'utf8'),
) as { keys: Keys; vectors: Vector[] };
const parsed = (text: string | null) => (text === null ? undefined : (JSON.parse(text) as unknown));

beforeAll(sodiumReady);

describe('a decoder written from the document', () => {
  it.each(vectors)('$expect: $proves', (vector) => {
    const read = readPost(vector.body, keys);
    if (vector.expect !== 'opened') return expect(read).toBe(vector.expect);
    expect(read).toMatchObject({ messages: [vector.epochMessage, vector.batchMessage] });
    const { columns } = read as Opened;
    expect(columns.map(({ field, bound }) => [field, bound])).toEqual(vector.columns.map(({ field, bound }) => [field, bound])); // prettier-ignore
    for (const [index, { values }] of vector.columns.entries()) {
      expect(isDeepStrictEqual(columns[index]?.values, values.map(parsed))).toBe(true);
    }
  });

  it('finds the subject’s key attested, and the source’s key named after itself', () => {
    const { subject, source, keyholder } = keys;
    const { publicKey, attestation, attestationMessage } = keyholder;
    const claim = { custos: 'subject-key.v1', subject: subject.id, keyId: subject.keyId, publicKey: fromHex(subject.publicKey) }; // prettier-ignore
    expect(hex(cbor(claim))).toBe(attestationMessage);
    expect(sodium.crypto_sign_verify_detached(fromHex(attestation), cbor(claim), fromHex(publicKey))).toBe(true);
    expect(sha256(fromHex(source.publicKey)).slice(0, 16)).toBe(source.keyId);
    expect(hex(sodium.crypto_sign_seed_keypair(fromHex(source.seed)).publicKey)).toBe(source.publicKey);
  });
});

describe('what we seal', () => {
  it('is, step by step, what the vectors have', () => {
    const opened = vectors.flatMap((vector) => (vector.expect === 'opened' ? [vector] : []));
    expect(opened).toHaveLength(2);
    for (const { body, columns, sessionKey } of opened) {
      const [batch] = body.sealed.batches as [SealedPost['batches'][number]];
      for (const [index, { field, values, key, nonce, padded, cbor: encoded }] of columns.entries()) {
        const derived = columnKey(new Secret(fromHex(sessionKey)), field);
        expect(hex(derived.bytes)).toBe(key);
        const bound = { origin: keys.origin, session: body.session, entry: fromHex(batch.id), field, count: batch.count, catalogue: 1 }; // prettier-ignore
        const data = values.map(parsed) as (Json | undefined)[];
        const sealed = sealColumnWithNonce(fromHex(nonce), derived, bound, data);
        expect(Buffer.from(sealed).toString('base64')).toBe(batch.columns[index]?.sealed);
        expect(hex(packColumn(data))).toBe(padded);
        expect(hex(inflateRawSync(fromHex(padded).slice(0, Buffer.from(padded, 'hex').lastIndexOf(0x80))))).toBe(
          encoded,
        );
      }
    }
  });
});
