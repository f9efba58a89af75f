import { freshCommand, researcher, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import type { FieldName } from '../log/fields.js';
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
  it('tells releases, with purpose and signers, and refusals', async () => {
    await vault.read(grant, 'one');
    await expect(vault.read(grant, 'one', ['screen'])).rejects.toMatchObject({ code: 'disclosure_denied' });
    const { entries } = await ledger();
    expect(entries).toMatchObject([
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
    expect((await ledger()).entries).toMatchObject([{ kind: 'released', completed: 'unknown', records: 10 }]);
  });

  it('counts a release that the reader broke off, up to there', async () => {
    await vault.ingest('long', 's1', typedRecords(1200));
    const long = await vault.grant('long', ['typed'], { records: 1200 });
    const { batches, ...disclosed } = await import('../access/disclose.handler.js').then(
      ({ Disclose, DiscloseHandler }) =>
        new DiscloseHandler(vault.log, vault.keyholder).execute(
          new Disclose(freshCommand(), researcher, long, 'long' as SessionId, undefined),
        ),
    );
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
});
