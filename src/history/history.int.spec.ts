import { freshCommand, researcher, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FieldName } from '../log/fields.js';
import { decodeHeader } from '../log/header.js';
import type { GrantId, SessionId, SubjectId } from '../log/ids.js';
import { writeCommand } from '../log/write-command.js';
import { HistoryAt, HistoryAtHandler } from './history-at.js';
import { SubjectLedger, SubjectLedgerHandler } from './subject-ledger.js';
import { WhoCanRead, WhoCanReadHandler } from './who-can-read.js';

let vault: VaultInProcess;
let grant: GrantId;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(10));
  grant = await vault.grant('one', ['typed']);
});
afterEach(() => vault.stop());

const ledger = () => new SubjectLedgerHandler(vault.log).execute(new SubjectLedger('s1' as SubjectId));
const whoCanRead = (moment?: number | string) => new WhoCanReadHandler(vault.log).execute(new WhoCanRead({}, moment));
const historyAt = (moment?: number | string) => new HistoryAtHandler(vault.log).execute(new HistoryAt(moment));

describe('a ledger', () => {
  const granted = {
    kind: 'granted',
    person: researcher,
    sessions: ['one'],
    fields: ['typed'],
    approvers: ['ada', 'bob'],
  };
  it('tells grants and releases, with purpose and signers, and refusals', async () => {
    await vault.read(grant, 'one');
    await expect(vault.read(grant, 'one', ['screen'])).rejects.toMatchObject({ code: 'disclosure_denied' });
    const { entries } = await ledger();
    expect(entries).toMatchObject([
      granted,
      {
        kind: 'released',
        person: researcher,
        session: 'one',
        fields: ['typed'],
        records: 10,
        completed: 'delivered',
        purpose: 'to see that it works',
        approvers: ['ada', 'bob'],
      },
      { kind: 'refused', person: researcher, session: 'one', fields: ['screen'], rules: ['field_not_granted'] },
    ]);
  });

  it('tells what the subject decided, and their erasure, in order, and nothing of anybody else', async () => {
    await vault.ingest('two', 's2', typedRecords(1));
    await vault.read(await vault.grant('two', ['typed']), 'two');
    const paused = await vault.consent('s1', 'paused');
    const given = await vault.consent('s1', 'given');
    const refused = await vault.consent('s1', 'refused');
    const erased = await vault.erase('s1');
    const { consent, entries } = await ledger();
    expect(consent).toBe('refused');
    expect(entries.map(({ at: _at, ...line }) => line)).toEqual([
      expect.objectContaining(granted),
      { position: paused.position, kind: 'consent', person: 'subject:s1', consent: 'paused' },
      { position: given.position, kind: 'consent', person: 'subject:s1', consent: 'given' },
      { position: refused.position, kind: 'consent', person: 'subject:s1', consent: 'refused' },
      { position: erased.position, kind: 'erased', person: 'officer1' },
    ]);
  });

  it('shows what is asked for after the erasure as refused', async () => {
    await vault.erase('s1');
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'subject_erased' });
    expect((await ledger()).entries.map(({ kind }) => kind)).toEqual(['granted', 'erased', 'refused']);
  });

  it('counts a release that was never completed as unknown, with all that it could have been', async () => {
    await vault.log.append(writeCommand(freshCommand(), researcher, 'lost'), () => ({
      entries: [
        {
          type: 'disclosure.made',
          stream: `request/${grant}`,
          subject: 's1' as SubjectId,
          data: { grant, session: 'one' as SessionId, fields: ['typed'] as FieldName[], versions: 9, records: 10 },
        },
      ],
      answer: null,
    }));
    expect((await ledger()).entries).toMatchObject([granted, { kind: 'released', completed: 'unknown', records: 10 }]);
  });

  it('counts a release that the reader broke off, up to there', async () => {
    await vault.ingest('long', 's1', typedRecords(1200));
    const long = await vault.grant('long', ['typed'], { records: 1200 });
    const { batches, ...disclosed } = await vault.disclose(long, 'long');
    for await (const batch of batches) {
      expect(batch.sequences.length).toBeGreaterThan(0);
      break;
    }
    expect(disclosed.fields).toEqual(['typed']);
    expect((await ledger()).entries.at(-1)).toMatchObject({ kind: 'released', completed: 'broken_off', records: 1200 });
  });
});

describe('who can read', () => {
  const before = [{ person: researcher, subject: 's1', session: 'one', field: 'typed' }];

  it('is answered for any moment: before the grant, in force, and after the revocation', async () => {
    expect((await whoCanRead(1)).reach).toEqual([]);
    expect((await whoCanRead()).reach).toMatchObject(before);
    const { position } = await vault.revoke(grant);
    expect((await whoCanRead(position)).reach).toMatchObject(before);
    expect((await whoCanRead(position + 1)).reach).toEqual([]);
    expect((await whoCanRead()).reach).toEqual([]);
  });

  it('is answered by time, to the millisecond of the revocation', async () => {
    await sleep(5); // The revocation must have a millisecond of its own.
    const { position } = await vault.revoke(grant);
    const { at } = decodeHeader(await vault.log.reader.header(position));
    expect((await whoCanRead(new Date(at - 1).toISOString())).reach).toMatchObject(before);
    expect((await whoCanRead(new Date(at).toISOString())).reach).toEqual([]);
  });

  it('is nobody once the grant has run out', async () => {
    expect((await whoCanRead(new Date(Date.now() + 2 * 3_600_000).toISOString())).reach).toEqual([]);
  });

  it('is not answered for what has not happened', async () => {
    await expect(whoCanRead(vault.log.size + 1)).rejects.toMatchObject({ code: 'position_unknown' });
  });
});

describe('history at a moment', () => {
  it('is the same however often and whenever it is asked', async () => {
    const size = vault.log.size;
    const first = JSON.stringify(await historyAt(size));
    await vault.read(grant, 'one');
    await vault.revoke(grant);
    expect(JSON.stringify(await historyAt(size))).toBe(first);
    expect(JSON.parse(first)).toMatchObject({
      position: size,
      requests: [{ state: 'granted' }],
      subjects: [{ subject: 's1', key: 'registered', consent: 'given' }],
    });
    expect((await historyAt()).requests).toMatchObject([{ state: 'revoked' }]);
  });

  it('has every part of the state as it was, and not as it is', async () => {
    const before = await historyAt(vault.log.size);
    const { lock } = await vault.lock({ kind: 'field', field: 'typed' });
    const size = vault.log.size;
    const locked = await historyAt(size);
    await vault.act('lock.lift', { lock });
    const after = await historyAt(vault.log.size);
    expect([before, locked, after].map(({ locks }) => locks.length)).toEqual([0, 1, 0]);
    expect(locked.locks).toMatchObject([{ lock, target: { kind: 'field', field: 'typed' } }]);
    expect([before.reach.length > 0, locked.reach, after.reach.length > 0]).toEqual([true, [], true]);
    expect(locked).toMatchObject({
      programme: { status: 'capturing' },
      policy: { policy: { version: 1 }, position: null },
      acts: [],
      retention: [],
      unreviewed: [],
      incidents: [],
    });
    expect(locked.keys.filter(({ role, state }) => role === 'officer' && state === 'in_force')).toHaveLength(3);
    expect(JSON.stringify(await historyAt(size))).toBe(JSON.stringify(locked));
  });

  it('is not answered beyond the head, and is at the head', async () => {
    const size = vault.log.size;
    expect(await historyAt(size)).toMatchObject({ position: size });
    await expect(historyAt(size + 1)).rejects.toMatchObject({ code: 'position_unknown', members: { size } });
  });
});
