import type { FieldName } from '../../src/log/fields.js';
import type { EntryOf } from '../../src/log/header.js';
import type { GrantId, PersonId, Position, RequestId } from '../../src/log/ids.js';
import { typedRecords, VaultInProcess } from '../vault-in-process.js';
import { StolenService } from './stolen-service.js';

/**
 * A signature says yes to one request, as it was shown, for a while. Handed in for anything else it is refused by a code of
 * its own; written into the log past the service it counts for nothing, opens nothing, and is named by its position.
 */
let vault: VaultInProcess;
let stolen: StolenService;
let narrow: Awaited<ReturnType<VaultInProcess['request']>>;
let wide: Awaited<ReturnType<VaultInProcess['request']>>;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  stolen = new StolenService(vault);
  await vault.ingest('one', 's1', typedRecords(10));
  await vault.ingest('two', 's2', typedRecords(10));
  narrow = await vault.request(['one'], ['typed']);
  wide = await vault.request(['one', 'two'], ['typed', 'kind']);
});
afterEach(() => vault.stop());

const grantOf = ({ request }: { request: RequestId }) => request as string as GrantId;
const refusedAs = (rule: string) => ({ code: 'approval_refused', members: { rules: [rule] } });

/** Neither the service nor the keyholder knows a grant, and an auditor is told where it was tried. */
async function opensNothing(request: { request: RequestId }, written: readonly Position[]): Promise<void> {
  const grant = grantOf(request);
  await expect(vault.read(grant, 'one')).rejects.toMatchObject({ members: { rules: ['grant_unknown'] } });
  await expect(stolen.reads({ grant, session: 'one', subject: 's1' })).rejects.toMatchObject({
    code: 'keyholder_refused',
  });
  const { ok, problems } = await vault.verify();
  expect(ok).toBe(false);
  const invalid = problems.filter(({ check }) => check === 'approval_invalid').map(({ position }) => position);
  expect(invalid).toEqual(written);
}

it('signed for this request, it opens this and nothing more', async () => {
  for (const name of ['ada', 'bob']) await vault.approve(narrow.request, await vault.approvalOf(narrow, name), name);
  expect((await vault.read(grantOf(narrow), 'one')).records).toHaveLength(10);
  for (const [session, fields] of [
    ['two', ['typed']],
    ['one', ['typed', 'kind']],
  ] as [string, FieldName[]][]) {
    await expect(vault.read(grantOf(narrow), session, fields)).rejects.toMatchObject({ code: 'disclosure_denied' });
  }
  expect(await vault.verify()).toMatchObject({ ok: true });
});

it('replayed for a wider request: refused, and two of them written by a stolen service are no grant', async () => {
  const written: Position[] = [];
  for (const name of ['ada', 'bob']) {
    const envelope = await vault.approvalOf(narrow, name);
    await expect(vault.approve(wide.request, envelope, name)).rejects.toMatchObject({
      members: { rules: ['request_mismatch', 'scope_changed'] },
    });
    written.push(await stolen.approves(wide.request, envelope));
  }
  await opensNothing(wide, written);
});

it('widened after it was signed: the request of that id stays the one that was shown', async () => {
  const [asked] = (await vault.log.reader.stream(`request/${wide.request}`)) as [EntryOf<'request.made'>];
  const widened = { ...asked.data, request: narrow.request };
  await stolen.writes([{ type: 'request.made', stream: `request/${narrow.request}`, data: widened }]);
  for (const name of ['ada', 'bob']) {
    // Also where the approver is shown the wider one under the id of the other.
    await stolen.approves(narrow.request, await vault.approvalOf({ ...wide, request: narrow.request }, name));
    await stolen.approves(narrow.request, await vault.approvalOf(narrow, name));
  }
  const reading = { grant: grantOf(narrow), session: 'one', subject: 's1' };
  await expect(stolen.reads({ ...reading, fields: ['kind'] })).rejects.toMatchObject({ code: 'keyholder_refused' });
  await expect(stolen.reads({ ...reading, session: 'two', subject: 's2' })).rejects.toMatchObject({
    code: 'keyholder_refused',
  });
  expect(await stolen.reads(reading)).toBe(10);
});

it.each([
  ['after the time that it gave itself', { expiresAt: 1 }, 'approval_expired'],
  ['under another policy', { policyHash: '0'.repeat(64) }, 'policy_changed'],
  ['for another log', { origin: 'custos.example/other' }, 'origin_wrong'],
  ['of a log that nobody has seen yet', { checkpoint: { size: 1_000_000, root: '0'.repeat(64) } }, 'checkpoint_ahead'],
  ['in the name of somebody else', { approver: 'cyd' as PersonId }, 'approver_mismatch'],
])('%s it counts for nothing', async (_when, differing, rule) => {
  const written: Position[] = [];
  for (const name of ['ada', 'bob']) {
    const envelope = await vault.approvalOf(narrow, name, differing);
    await expect(vault.approve(narrow.request, envelope, name)).rejects.toMatchObject(refusedAs(rule));
    written.push(await stolen.approves(narrow.request, envelope));
  }
  await opensNothing(narrow, written);
});

it('handed in twice it is one', async () => {
  const envelope = await vault.approvalOf(narrow, 'ada');
  await vault.approve(narrow.request, envelope, 'ada');
  await expect(vault.approve(narrow.request, envelope, 'bob')).rejects.toMatchObject({
    members: { rules: ['nonce_reused', 'already_approved'] },
  });
  await opensNothing(narrow, [await stolen.approves(narrow.request, envelope)]);
});
