import { Secret } from './secret.js';
import { publicKeyOf } from './signature.js';
import { sodiumReady } from './sodium.js';
import { batchMessage, epochMessage, signBatch, signedBatch, signedEpoch, signEpoch, type BatchClaim, type EpochClaim } from './source-claims.js'; // prettier-ignore

beforeAll(sodiumReady);

const seed = new Secret(new Uint8Array(32).fill(5));
const bytes = (fill: number) => new Uint8Array(16).fill(fill);
const epoch: EpochClaim = {
  origin: 'custos.example/log',
  subject: 's1',
  session: 'walk-1',
  epoch: bytes(1),
  keyId: 'key_1',
  sealedKey: new Uint8Array(81).fill(2),
};
const batch: BatchClaim = {
  origin: 'custos.example/log',
  subject: 's1',
  id: bytes(3),
  data: { session: 'walk-1', epoch: bytes(1), first: 0, count: 2, from: 10, to: 11, catalogue: 1, tags: { card: 1 } },
  columns: [
    { field: 'time', bytes: 105, sha256: new Uint8Array(32).fill(4) },
    { field: 'typed', bytes: 113, sha256: new Uint8Array(32).fill(5) },
  ],
};

describe('what a source signs', () => {
  it('is valid under its key, and for nothing else that it could have said', () => {
    const publicKey = publicKeyOf(seed);
    const signature = signEpoch(seed, epoch);
    expect(signedEpoch(publicKey, epoch, signature)).toBe(true);
    expect(signedEpoch(bytes(1), epoch, signature)).toBe(false);
    for (const differs of [
      { origin: 'other' },
      { subject: 's2' },
      { session: 'walk-2' },
      { epoch: bytes(2) },
      { keyId: 'key_2' },
      { sealedKey: bytes(2) },
    ])
      // prettier-ignore
      expect(signedEpoch(publicKey, { ...epoch, ...differs }, signature)).toBe(false);
  });

  it('of a batch binds its place, its clear header and its columns, in their order', () => {
    const publicKey = publicKeyOf(seed);
    const signature = signBatch(seed, batch);
    const { data, columns } = batch;
    expect(signedBatch(publicKey, batch, signature)).toBe(true);
    expect(signedBatch(bytes(1), batch, signature)).toBe(false);
    const { tags: _tags, ...untagged } = data;
    for (const differs of [
      { origin: 'other' },
      { subject: 's2' },
      { id: bytes(4) },
      { columns: columns.slice(1) },
      { columns: [...columns].reverse() },
      { data: untagged },
      { data: { ...data, first: 1 } },
    ])
      // prettier-ignore
      expect(signedBatch(publicKey, { ...batch, ...differs }, signature)).toBe(false);
  });

  it('is said under the name of its purpose, so that one passes for no other', () => {
    expect(Buffer.from(epochMessage(epoch)).toString('latin1')).toContain('fcustos\x6fsealed-epoch.v1');
    expect(Buffer.from(batchMessage(batch)).toString('latin1')).toContain('fcustos\x6fsealed-batch.v1');
  });
});
