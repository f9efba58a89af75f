import { researcher, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import type { GrantId, RequestId } from '../log/ids.js';
import { HistoryDiff, HistoryDiffHandler } from './history-diff.js';

let vault: VaultInProcess;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(3));
});
afterEach(() => vault.stop());

const diff = (from: number | string, to: number | string = vault.log.size) =>
  new HistoryDiffHandler(vault.log).execute(new HistoryDiff(from, to));
const reachOf = (before: unknown, after: unknown) => [
  { person: researcher, subjects: ['s1'], fields: ['typed'], before, after },
];

describe('a diff of history', () => {
  it('names the entries that made a grant, who signed them, and who gained what', async () => {
    const from = vault.log.size;
    const grant: GrantId = await vault.grant('one', ['typed']);
    const request = grant as string as RequestId;
    const { changes, gains, losses } = await diff(from);
    expect(changes).toMatchObject([
      { position: from, type: 'request.made', by: researcher, parts: ['requests'], signedBy: [], says: { request } },
      { position: from + 1, type: 'request.approved', parts: ['requests'], signedBy: ['ada'], says: { request } },
      { position: from + 2, parts: ['requests', 'grants'], signedBy: ['ada', 'bob'] },
    ]);
    expect(JSON.stringify(changes)).not.toContain('envelope');
    expect(gains).toEqual(reachOf(null, expect.any(Number)));
    expect(losses).toEqual([]);
  });

  it('tells a lock, its lifting and the policy, by whoever signed, also where it came to nothing', async () => {
    await vault.grant('one', ['typed']);
    const from = vault.log.size;
    const { lock } = await vault.lock({ kind: 'all' });
    const locked = vault.log.size;
    expect((await diff(from)).losses).toEqual(reachOf(expect.any(Number), null));
    await vault.act('lock.lift', { lock });
    const lifted = await diff(from);
    expect(lifted.changes.map(({ type, parts }) => [type, parts.join()])).toEqual([
      ['lock.set', 'locks'],
      ['act.proposed', 'acts'],
      ['act.signed', 'acts'],
      ['act.signed', 'acts,locks'],
    ]);
    expect(lifted.changes.at(-1)).toMatchObject({
      signedBy: ['ola', 'pia'],
      says: { kind: 'lock.lift', enforced: true },
    });
    expect([lifted.gains, lifted.losses]).toEqual([[], []]);
    expect((await diff(locked)).gains).toEqual(reachOf(null, expect.any(Number)));
    const before = vault.log.size;
    await vault.changePolicy((policy) => (policy.classes.private.quorum = 3));
    const stricter = await diff(before);
    expect(stricter.changes.at(-1)).toMatchObject({ parts: ['policy', 'acts'], signedBy: ['ola', 'pia'] });
    expect(stricter.changes.at(-1)?.policy).toContainEqual({ path: 'classes.private.quorum', before: 2, after: 3 });
    expect(stricter.losses).toEqual(reachOf(expect.any(Number), null));
  });

  it('tells consent, the programme and an erasure, and leaves out what changes nothing', async () => {
    const grant = await vault.grant('one', ['typed']);
    const from = vault.log.size;
    await vault.read(grant, 'one');
    await vault.consent('s1', 'refused');
    await vault.pauseProgramme();
    await vault.erase('s1');
    expect((await diff(from)).changes).toMatchObject([
      { type: 'consent.changed', parts: ['consent'], subject: 's1', says: { consent: 'refused' } },
      { type: 'programme.paused', parts: ['programme'], by: 'ola', says: { reason: 'a leak' } },
      { type: 'subject.erased', parts: ['subjects'], subject: 's1' },
    ]);
    expect((await diff(from, from)).changes).toEqual([]);
  });

  it('is the same, byte for byte, whenever it is asked', async () => {
    await vault.revoke(await vault.grant('one', ['typed']));
    const to = vault.log.size;
    const first = JSON.stringify(await diff(1, to));
    await vault.lock({ kind: 'all' });
    expect(JSON.stringify(await diff(1, to))).toBe(first);
  });

  it('is refused backwards, and for what has not happened', async () => {
    await expect(diff(3, 1)).rejects.toMatchObject({ code: 'moments_reversed' });
    await expect(diff(1, vault.log.size + 1)).rejects.toMatchObject({ code: 'position_unknown' });
    await expect(diff(1, new Date(Date.now() + 60_000).toISOString())).rejects.toMatchObject({ code: 'moment_ahead' });
  });
});
