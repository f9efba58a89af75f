import { issueKey, openSealer, sealRecords, type SealedFor } from '../../test/sealed-source.js';
import { freshCommand, source, start, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { keyIdOf } from '../identity/trust.js';
import type { EntryOf } from '../log/header.js';
import type { PersonId, SessionId } from '../log/ids.js';
import { SourceSealer, type SealedPost } from '../sealing/seal-at-source.js';
import { generateSigningKey } from '../sealing/signature.js';
import { signBatch, signedBatch, signedEpoch, signEpoch } from '../sealing/source-claims.js';
import { IngestSealed, IngestSealedHandler } from './ingest-sealed.js';
import { OpenSessions } from './open-sessions.js';
import { catalogue } from './seal-records.js';
import { SealedBody } from './sealed-body.js';

let vault: VaultInProcess;
beforeEach(async () => (vault = await VaultInProcess.start()));
afterEach(() => vault.stop());

const sealer = (meant?: SealedFor) => openSealer(vault, meant);
const seal = sealRecords;

/** As it is posted: through JSON and the schema of the route. */
const post = (sealed: SealedPost | undefined, body: Partial<Record<keyof SealedBody, unknown>> = {}, as = source) => {
  const whole = { session: 'one', subject: 's1', format: 'rrweb', first: 0, ...body, sealed };
  const spans = [...(sealed?.batches ?? []), ...(sealed?.rejected ?? [])];
  const count = body.count ?? spans.reduce((sum, span) => sum + span.count, 0);
  const parsed = SealedBody.parse(JSON.parse(JSON.stringify({ ...whole, count })));
  return new IngestSealedHandler(vault.log, new OpenSessions(vault.log.reader)).execute(
    new IngestSealed(freshCommand(), as, parsed),
  );
};

const stored = async () => ({
  size: (await vault.log.reader.head()).size,
  bodies: (await vault.asIntruder('SELECT position, field FROM log.body ORDER BY 1, 2')).rows,
});
async function refusedWith(code: string, attempt: () => Promise<unknown>, members = {}): Promise<void> {
  const before = await stored();
  await expect(attempt()).rejects.toMatchObject({ code, members });
  expect(await stored()).toEqual(before);
}
type Batch = SealedPost['batches'][number];
const changed = (sealed: SealedPost, change: (batch: Batch) => Batch): SealedPost => ({
  ...sealed,
  batches: sealed.batches.map((batch, index) => (index === 0 ? change(batch) : batch)),
});
const bytes = (text: string, encoding: 'base64' | 'hex' = 'base64') => new Uint8Array(Buffer.from(text, encoding));
const base64 = (one: Uint8Array) => Buffer.from(one).toString('base64');
const flipped = (text: string) => {
  const sealed = Buffer.from(text, 'base64');
  sealed.writeUInt8(sealed.readUInt8(40) ^ 1, 40);
  return sealed.toString('base64');
};

describe('what a source has sealed is not stored', () => {
  it('with a byte changed on its way', async () => {
    const sealed = await seal(await sealer(), typedRecords(3));
    const tampered = changed(sealed, (batch) => ({
      ...batch,
      columns: batch.columns.map((column) => ({ ...column, sealed: flipped(column.sealed) })),
    }));
    await refusedWith('column_changed', () => post(tampered));
  });

  it('with a column that stood in another batch, or under another field', async () => {
    const by = await sealer();
    const [one, other] = [await seal(by, typedRecords(3)), await seal(by, typedRecords(3, 'other'))];
    const columns = other.batches[0]?.columns as Batch['columns'];
    await refusedWith('batch_signature_invalid', () => post(changed(one, (batch) => ({ ...batch, columns }))));
    const relabelled = changed(one, (batch) => ({
      ...batch,
      columns: batch.columns.map((column) => (column.field === 'typed' ? { ...column, field: 'screen' } : column)),
    }));
    await refusedWith('batch_signature_invalid', () => post(relabelled));
  });

  it.each([
    ['of another subject', { subject: 's2' }],
    ['of another session', { session: 'two' }],
    ['of another log', { origin: 'custos.example/other' }],
  ])('%s', async (_what, meant) => {
    const sealed = await seal(await sealer(meant), typedRecords(3));
    await refusedWith('batch_signature_invalid', () => post(sealed));
  });

  it.each<[string, (batch: Batch) => Batch]>([
    ['another time', (batch) => ({ ...batch, to: batch.to + 1 })],
    ['a tag less', (batch) => ({ ...batch, tags: {} })],
    ['another id', (batch) => ({ ...batch, id: 'ab'.repeat(16) })],
  ])('with %s than was signed', async (_what, change) => {
    const sealed = await seal(await sealer(), typedRecords(3));
    await refusedWith('batch_signature_invalid', () => post(changed(sealed, change)));
  });

  it('under a session key that was slipped in', async () => {
    const [one, other] = await Promise.all([sealer(), sealer()]);
    const sealed = await seal(one, typedRecords(3));
    const { epoch } = await seal(other, typedRecords(3));
    await refusedWith('batch_signature_invalid', () => post({ ...sealed, epoch }));
    const { sealedKey } = epoch;
    await refusedWith('batch_signature_invalid', () => post({ ...sealed, epoch: { ...sealed.epoch, sealedKey } }));
  });

  it('under an epoch that is not named after its key, whoever signs that', async () => {
    const { epoch, batches, ...sealed } = await seal(await sealer(), typedRecords(3));
    const id = 'ab'.repeat(16);
    const { seed } = vault.sourceKey;
    const about = { origin: vault.log.origin, subject: 's1' };
    const [named, key] = [bytes(id, 'hex'), bytes(epoch.sealedKey)];
    const claim = { ...about, session: 'one', epoch: named, keyId: epoch.keyId, sealedKey: key };
    const resigned = batches.map(({ columns, signature: _old, id: batch, ...told }) => ({
      ...{ id: batch, ...told, columns },
      signature: base64(
        signBatch(seed, {
          ...about,
          id: bytes(batch, 'hex'),
          data: { session: 'one', epoch: named, ...told },
          columns: columns.map((one) => ({
            field: one.field,
            bytes: bytes(one.sealed).length,
            sha256: bytes(one.sha256, 'hex'),
          })),
        }),
      ),
    }));
    const forged = { ...sealed, batches: resigned, epoch: { ...epoch, id, signature: base64(signEpoch(seed, claim)) } };
    await refusedWith('batch_signature_invalid', () => post(forged));
  });

  it('signed by a key that nobody knows, by that of another source, or by an approver', async () => {
    const signed = async (signer: NonNullable<SealedFor['signer']>) => seal(await sealer({ signer }), typedRecords(3));
    const own = await signed(vault.sourceKey);
    await refusedWith('source_key_unknown', () => post(own, {}, 'another' as PersonId));
    for (const signer of [generateSigningKey(), vault.signingKeys.get('ada') as typeof vault.sourceKey]) {
      const sealed = await signed(signer);
      await refusedWith('source_key_unknown', () => post(sealed));
      // Named as the one that counts, it is not signed by it.
      await refusedWith('batch_signature_invalid', () => post({ ...sealed, signedBy: own.signedBy }));
    }
  });

  it('with a key that officers enrolled, from when one of them revokes it on', async () => {
    const recorder = generateSigningKey();
    const publicKey = Buffer.from(recorder.publicKey).toString('base64');
    const body = { person: source, role: 'source', publicKey, expiresAt: Date.now() + 86_400_000 };
    await vault.act('key.enrol', body);
    const by = await sealer({ signer: recorder });
    expect(await post(await seal(by, typedRecords(3)))).toMatchObject({ accepted: 3 });
    const late = await seal(by, typedRecords(1, 'late', 3), 3);
    await vault.act('key.revoke', { keyId: keyIdOf(recorder.publicKey) }, ['ola']);
    await refusedWith('source_key_unknown', () => post(late, { first: 3 }));
  });

  it('sealed to another key than that of the subject', async () => {
    const { key } = await issueKey(vault, 's2');
    await issueKey(vault, 's1');
    const about = { origin: vault.log.origin, session: 'one', subject: 's1', catalogue };
    const { publicKey, seed } = vault.sourceKey;
    const by = await SourceSealer.open({
      ...about,
      subjectKey: {
        keyId: key?.keyId as string,
        publicKey: bytes(key?.publicKey ?? ''),
      },
      signer: { keyId: keyIdOf(publicKey), seed },
    });
    const sealed = await seal(by, typedRecords(3));
    await refusedWith('subject_key_mismatch', () => post(sealed));
  });

  it('for a session of another subject or format', async () => {
    await post(await seal(await sealer(), typedRecords(3)));
    const other = await seal(await sealer({ subject: 's2' }), typedRecords(1, 'x', 3), 3);
    await refusedWith('session_conflict', () => post(other, { subject: 's2', first: 3 }));
    const sealed = await seal(await sealer(), typedRecords(1, 'x', 3), 3);
    await refusedWith('session_conflict', () => post(sealed, { format: 'asciicast', first: 3 }));
  });

  it('behind a gap, or half of it again: the answer says where to go on', async () => {
    const by = await sealer();
    const late = await seal(by, typedRecords(2, 'x', 3), 3);
    await refusedWith('sequence_gap', () => post(late, { first: 3 }), { expected: 0 });
    await post(await seal(by, typedRecords(4)));
    await refusedWith('sequence_overlap', () => post(late, { first: 3 }), { expected: 4 });
  });

  it('of an erased subject, one who refuses, or anybody while the programme is paused: it is counted', async () => {
    const suppressed = async (session: string, subject: string, happens: () => Promise<unknown>) => {
      const sealed = await seal(await sealer({ session, subject }), typedRecords(3));
      await happens();
      const { bodies } = await stored();
      expect(await post(sealed, { session, subject })).toMatchObject({ suppressed: 3, accepted: 0, next: 3 });
      expect((await stored()).bodies).toEqual(bodies);
      const [entry] = await vault.log.reader.session(session as SessionId);
      return entry?.type === 'records.suppressed' && entry.data.reason;
    };
    expect(await suppressed('one', 's1', () => vault.erase('s1'))).toBe('erased');
    expect(await suppressed('two', 's2', () => vault.consent('s2', 'refused'))).toBe('refused');
    expect(await suppressed('three', 's3', () => vault.pauseProgramme())).toBe('programme');
  });

  it('twice: handed in again, it counts as duplicate', async () => {
    const sealed = await seal(await sealer(), typedRecords(3));
    expect(await post(sealed)).toMatchObject({ accepted: 3 });
    const before = await stored();
    expect(await post(sealed)).toMatchObject({ accepted: 0, duplicate: 3, next: 3, position: null });
    expect(await stored()).toEqual(before);
  });

  it.each<[string, (batch: Batch) => Batch]>([
    ['without times', (batch) => ({ ...batch, columns: batch.columns.slice(1) })],
    ['with one field twice', (batch) => ({ ...batch, columns: [...batch.columns, batch.columns.at(-1)!] })],
    ['in a column that is no sealed column', (batch) => ({ ...batch, columns: [{ ...batch.columns[0]!, sealed: Buffer.from('canary').toString('base64') }] })],
    ['in base64 of another spelling', (batch) => ({ ...batch, columns: batch.columns.map((one) => ({ ...one, sealed: `${one.sealed}=` })) })],
    ['of more records than a batch may have', (batch) => ({ ...batch, count: 513 })],
    ['with a number missing', (batch) => ({ ...batch, count: batch.count - 1 })],
    ['of another catalogue', (batch) => ({ ...batch, catalogue: 2 })],
    ['with a tag that is none', (batch) => ({ ...batch, tags: { canary: 1 } })],
    ['with a tag more often than records', (batch) => ({ ...batch, tags: { card: 4 } })],
  ])('%s', async (_what, change) => {
    const sealed = changed(await seal(await sealer(), typedRecords(3)), change);
    const before = await stored();
    expect(() => void post(sealed, { count: 3 })).toThrow();
    expect(await stored()).toEqual(before);
  }); // prettier-ignore
});

describe('for a subject whose records are suppressed', () => {
  it('there is no key, and only the number of records is handed in', async () => {
    await vault.consent('s1', 'refused');
    expect(await issueKey(vault, 's1')).toEqual({
      origin: vault.log.origin,
      subject: 's1',
      key: null,
      suppressed: 'refused',
    });
    expect((await vault.asIntruder('SELECT * FROM keys.subject_key')).rows).toEqual([]);
    expect(await post(undefined, { count: 7 })).toMatchObject({ suppressed: 7, next: 7 });
  });

  it('and who is recorded again, the records are asked for', async () => {
    await refusedWith('records_unsealed', () => post(undefined, { count: 7 }));
  });
});

describe('what a source has sealed', () => {
  it('is read under a grant as what was handed in plain is', async () => {
    const records = typedRecords(600);
    await vault.ingest('plain', 's1', records);
    const sealed = await seal(await sealer({ session: 'sealed' }), records);
    expect(await post(sealed, { session: 'sealed' })).toMatchObject({ accepted: 600, next: 600 });
    const read = async (session: string) =>
      (await vault.read(await vault.grant(session, ['typed', 'kind']), session)).records;
    expect(await read('sealed')).toEqual(await read('plain'));
    expect((await vault.verify()).problems).toEqual([]);
  });

  it('and what is not, go into one session', async () => {
    await vault.ingest('one', 's1', typedRecords(2));
    expect(await post(await seal(await sealer(), typedRecords(2, 'typed', 2), 2), { first: 2 })).toMatchObject({
      next: 4,
    });
    await vault.ingest('one', 's1', typedRecords(2, 'typed', 4), { first: 4 });
    const { records } = await vault.read(await vault.grant('one', ['typed']), 'one');
    expect(records.map(({ fields }) => (fields['typed'] as { text: string }).text)).toEqual(
      Array.from({ length: 6 }, (_, index) => `typed ${index}`),
    );
  });

  it('says in clear headers who sealed it, for anyone to check', async () => {
    const bad = { time: start, data: JSON.parse('['.repeat(1300) + ']'.repeat(1300)) as unknown };
    const [first, third] = typedRecords(2) as [typeof bad, typeof bad];
    const sealed = await seal(await sealer(), [first, bad, third]);
    expect(await post(sealed)).toMatchObject({ accepted: 2, rejected: 1, next: 3 });
    const entries = await vault.log.reader.session('one' as SessionId);
    expect(entries.map(({ type }) => type)).toEqual([
      'session.opened',
      'session.keyed',
      'session.batch',
      'records.rejected',
      'session.batch',
    ]);
    const { publicKey } = vault.sourceKey;
    const about = { origin: vault.log.origin, subject: 's1' };
    const keyed = entries[1] as EntryOf<'session.keyed'>;
    const { sealedBy: by, ...epoch } = keyed.data;
    expect(signedEpoch(publicKey, { ...about, ...epoch }, by?.signature as Uint8Array)).toBe(true);
    const { id, columns, data } = entries[2] as EntryOf<'session.batch'>;
    const { sealedBy, ...told } = data;
    expect(sealedBy?.key).toBe(keyIdOf(publicKey));
    const claim = { ...about, id, data: told, columns };
    expect(signedBatch(publicKey, claim, sealedBy?.signature as Uint8Array)).toBe(true);
    expect(signedBatch(publicKey, { ...claim, subject: 's2' }, sealedBy?.signature as Uint8Array)).toBe(false);
  });

  it('is stored at the head as it is decided there: consent withdrawn meanwhile, nothing is', async () => {
    const sealed = await seal(await sealer(), typedRecords(3));
    const elsewhere = await vault.openLog();
    await vault.consent('s1', 'paused', elsewhere);
    expect(await post(sealed)).toMatchObject({ suppressed: 3, accepted: 0 });
  });
});
