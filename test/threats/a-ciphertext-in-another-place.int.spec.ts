import type { Draft, SealedColumn } from '../../src/log/draft.js';
import type { FieldName } from '../../src/log/fields.js';
import type { Entry, EntryOf } from '../../src/log/header.js';
import type { GrantId, SessionId, SubjectId } from '../../src/log/ids.js';
import { typedRecords, VaultInProcess } from '../vault-in-process.js';
import { StolenService } from './stolen-service.js';

/**
 * What was sealed for one place opens in no other, whoever puts it there. Not a row moved in the database, which its hash
 * in the header would tell: a service that was taken over appends the very bytes again, as an entry like any other, under
 * the id that they were sealed for, with the key that they were sealed with. Hashes, tree and signatures are all in order.
 */
const secret = 'the secret';
let vault: VaultInProcess;
let stolen: StolenService;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  stolen = new StolenService(vault);
  await vault.ingest('private', 's1', typedRecords(10, secret));
  await vault.ingest('granted', 's1', typedRecords(10, 'harmless'));
  await vault.ingest('theirs', 's2', typedRecords(10, 'harmless'));
});
afterEach(() => vault.stop());

const only = <T extends Entry['type']>(entries: readonly Entry[], type: T) =>
  entries.find((entry) => entry.type === type) as EntryOf<T>;
const entriesOf = (session: string) => vault.log.reader.session(session as SessionId);

/** Of the private session: its key, and its batch with the columns as they are stored. */
async function sealed() {
  const entries = await entriesOf('private');
  const batch = only(entries, 'session.batch');
  const { rows } = await vault.asIntruder('SELECT field, sealed FROM log.body WHERE position = $1', [batch.position]);
  return { keyed: only(entries, 'session.keyed'), batch, columns: rows as SealedColumn[] };
}
type Sealed = Awaited<ReturnType<typeof sealed>>;

/** The batch again, in that session, after what is there; `columns` may be given other names. */
const batchIn = (
  session: string,
  subject: string,
  { batch, columns }: Sealed,
  named = (field: FieldName) => field,
): Draft => ({
  type: 'session.batch',
  stream: `session/${session}`,
  subject: subject as SubjectId,
  id: batch.id,
  data: { ...batch.data, session: session as SessionId, first: 10 },
  columns: columns.map(({ field, sealed }) => ({ field: named(field), sealed })),
});
const keyIn = (session: string, subject: string, { keyed }: Pick<Sealed, 'keyed'>): Draft => ({
  type: 'session.keyed',
  stream: `session/${session}`,
  subject: subject as SubjectId,
  data: { ...keyed.data, session: session as SessionId },
});

/** Everything that a reader gets until it ends, and how it ends. */
async function readAll(grant: GrantId, session: string, fields: FieldName[]) {
  const read: string[] = [];
  const ended = await (async () => {
    const { batches } = await vault.disclose(grant, session, fields);
    for await (const batch of batches) read.push(JSON.stringify(batch));
  })().then(
    () => 'whole',
    (error: { code: string }) => error.code,
  );
  return { read: read.join('\n'), ended };
}

it('where it was sealed for, it opens', async () => {
  const grant = await vault.grant('private', ['typed']);
  const { read, ended } = await readAll(grant, 'private', ['typed']);
  expect(ended).toBe('whole');
  expect(read).toContain(secret);
});

it.each([
  ['another session of the same subject', 'granted', 's1'],
  ["another subject's session", 'theirs', 's2'],
])('in %s it does not, with its key beside it', async (_where, session, subject) => {
  const moved = await sealed();
  await stolen.writes([keyIn(session, subject, moved), batchIn(session, subject, moved)]);
  const { read, ended } = await readAll(await vault.grant(session, ['typed']), session, ['typed']);
  expect(ended).toBe('tampered');
  expect(read).not.toContain(secret);
  // The forger could be told by nothing that the log holds: only by the seal.
  expect(await vault.verify()).toMatchObject({ ok: true });
});

it('in the place of another field of its own batch it does not', async () => {
  const swapped: Partial<Record<FieldName, FieldName>> = { kind: 'typed', typed: 'kind' };
  await stolen.writes([batchIn('private', 's1', await sealed(), (field) => swapped[field] ?? field)]);
  const { read, ended } = await readAll(await vault.grant('private', ['kind']), 'private', ['kind']);
  expect(ended).toBe('tampered');
  expect(read).not.toContain(secret);
});

it.each([
  ['under another id', (draft: Draft): Draft => ({ ...draft, id: new Uint8Array(16).fill(7) })],
  ['as another number of records', (draft: Draft) => ({ ...draft, data: { ...draft.data, count: 9 } }) as Draft],
])('%s it does not, in its own session', async (_how, changed) => {
  await stolen.writes([changed(batchIn('private', 's1', await sealed()))]);
  expect((await readAll(await vault.grant('private', ['typed']), 'private', ['typed'])).ended).toBe('tampered');
});

it('under the key of another session of theirs it does not', async () => {
  const keyed = only(await entriesOf('granted'), 'session.keyed');
  const moved = batchIn('private', 's1', await sealed());
  const batch = { ...moved, data: { ...moved.data, epoch: keyed.data.epoch } } as Draft;
  await stolen.writes([keyIn('private', 's1', { keyed }), batch]);
  expect((await readAll(await vault.grant('private', ['typed']), 'private', ['typed'])).ended).toBe('tampered');
});
