import { createHash } from 'node:crypto';
import { nestingLimit } from './json-data.js';
import { openColumn } from './open-column.js';
import { SourceSealer, type SealedPost } from './seal-at-source.js';
import type { RecordToSeal } from './seal-batches.js';
import { Secret } from './secret.js';
import { columnKey, openSessionKey } from './session-key.js';
import { publicKeyOf } from './signature.js';
import { sodiumReady } from './sodium.js';
import { signedBatch, signedEpoch } from './source-claims.js';
import { generateSubjectKey } from './subject-key.js';

beforeAll(sodiumReady);

const [origin, session, subject] = ['custos.example/log', 'walk-1', 's1'];
const signer = { keyId: 'source-1', seed: new Secret(new Uint8Array(32).fill(5)) };
const catalogue = { version: 1, fields: ['time', 'typed'] };
const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

const record = (sequence: number, typed?: string, tags: string[] = []): RecordToSeal => ({
  sequence,
  time: 1_767_225_600_000 + sequence,
  parts: { typed },
  tags: new Set(tags),
});
const tooDeep = (sequence: number): RecordToSeal => {
  const deep = JSON.parse(`${'['.repeat(nestingLimit + 1)}1${']'.repeat(nestingLimit + 1)}`) as string[];
  return { ...record(sequence), parts: { typed: deep } };
};

const subjectKey = () => {
  const { publicKey, secretKey } = generateSubjectKey();
  return { keyId: 'key_1', publicKey, secretKey };
};
const opening = (to = subjectKey()) =>
  SourceSealer.open({ origin, session, subject, catalogue, subjectKey: to, signer });

/** The values of each column, by the subject's key, and of nothing else than what was posted. */
function read({ epoch, batches }: SealedPost, to: ReturnType<typeof subjectKey>) {
  const key = openSessionKey(to, fromBase64(epoch.sealedKey));
  if (key.kind !== 'opened') return key.kind;
  return batches.flatMap(({ id, count, columns }) =>
    columns.map(({ field, sealed }) => {
      const binding = { origin, session, entry: fromHex(id), field, count, catalogue: 1 };
      const column = openColumn(columnKey(key.sessionKey, field), binding, fromBase64(sealed));
      return column.kind === 'opened' ? [field, column.values] : column.kind;
    }),
  );
}

describe('what a source posts', () => {
  it('is text that the subject’s key opens, and no other', async () => {
    const to = subjectKey();
    const post = await (await opening(to)).seal([record(0, 'secret'), record(1)], []);
    expect(JSON.parse(JSON.stringify(post))).toEqual(post);
    expect(JSON.stringify(post)).not.toContain('secret');
    expect(read(post, to)).toEqual([
      ['time', [[1_767_225_600_000], [1_767_225_600_001]]],
      ['typed', ['secret', undefined]],
    ]);
    expect(read(post, subjectKey())).toBe('tampered');
  });

  it('tells in clear what the document says, and nothing more', async () => {
    const { signedBy, epoch, batches, rejected } = await (
      await opening()
    ).seal([record(4), record(5, 'x', ['card'])], []);
    expect(signedBy).toBe('source-1');
    expect(rejected).toEqual([]);
    expect(epoch).toStrictEqual({
      id: sha256(fromBase64(epoch.sealedKey)).subarray(0, 16).toString('hex'),
      keyId: 'key_1',
      sealedKey: expect.any(String),
      signature: expect.any(String),
    });
    expect(batches).toStrictEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        first: 4,
        count: 2,
        from: 1_767_225_600_004,
        to: 1_767_225_600_005,
        catalogue: 1,
        tags: { card: 1 },
        columns: ['time', 'typed'].map((field) => ({ field, sha256: expect.any(String), sealed: expect.any(String) })),
        signature: expect.any(String),
      },
    ]);
    for (const { sha256: named, sealed } of batches[0]?.columns ?? [])
      expect(sha256(fromBase64(sealed)).toString('hex')).toBe(named);
  });

  it('is signed by the source: the sealed session key, and each batch with its columns', async () => {
    const publicKey = publicKeyOf(signer.seed);
    const { epoch, batches } = await (await opening()).seal([record(0, 'a'), record(2)], [1]);
    const { keyId, signature } = epoch;
    const [id, sealedKey] = [fromHex(epoch.id), fromBase64(epoch.sealedKey)];
    const claim = { origin, subject, session, epoch: id, keyId, sealedKey };
    expect(signedEpoch(publicKey, claim, fromBase64(signature))).toBe(true);
    expect(batches).toHaveLength(2);
    for (const { id: entry, columns, signature: signed, ...told } of batches) {
      const hashed = columns.map(({ field, sha256: named, sealed }) => ({ field, bytes: fromBase64(sealed).length, sha256: fromHex(named) })); // prettier-ignore
      const data = { session, epoch: id, ...told };
      const batch = { origin, subject, id: fromHex(entry), data, columns: hashed };
      expect(signedBatch(publicKey, batch, fromBase64(signed))).toBe(true);
    }
  });

  it('has the sequence numbers that are of no record in spans, with those that no column can hold', async () => {
    const sealer = await opening();
    const { batches, rejected } = await sealer.seal([record(0), tooDeep(3), record(5), tooDeep(11)], [12, 1, 4, 10, 2]);
    expect(batches.map(({ first }) => first)).toEqual([0, 5]);
    expect(rejected).toEqual([{ first: 1, count: 4 }, { first: 10, count: 3 }]); // prettier-ignore
  });

  it('is of one epoch as long as the session is open, and of another the next time', async () => {
    const sealer = await opening();
    const [one, other] = [await sealer.seal([record(0)], []), await sealer.seal([record(1)], [])];
    expect(other.epoch).toEqual(one.epoch);
    expect((await (await opening()).seal([record(2)], [])).epoch.id).not.toBe(one.epoch.id);
  });

  it('comes to an end with the session: nothing is sealed under a wiped key', async () => {
    const sealer = await opening();
    sealer.wipe();
    await expect(sealer.seal([record(0)], [])).rejects.toThrow('the secret was wiped');
  });
});
