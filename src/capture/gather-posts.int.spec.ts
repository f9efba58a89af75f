import { start, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import type { CommandId, SessionId } from '../log/ids.js';

let vault: VaultInProcess;
beforeEach(async () => (vault = await VaultInProcess.start()));
afterEach(() => vault.stop());

const bodies = async () => (await vault.asIntruder('SELECT position FROM log.body')).rows;

describe('records that are posted one by one', () => {
  const recordAt = (index: number) => typedRecords(1, `record ${index}`, index);
  /** All at once; the last answer to each. */
  const postEach = (
    count: number,
    {
      with: writer = vault.ingester(),
      records = recordAt,
    }: {
      with?: ReturnType<typeof vault.ingester>;
      records?: (index: number) => Parameters<typeof vault.ingest>[2];
    } = {},
  ) =>
    Promise.all(
      Array.from({ length: count }, (_, first) => {
        const command = `post-number-${first}` as CommandId;
        return vault.ingest('one', 's1', records(first), { first, command, with: writer });
      }),
    );
  const answers = (posted: Awaited<ReturnType<typeof postEach>>) => posted.map(({ accepted, suppressed, rejected, next, problems }) => ({ accepted, suppressed, rejected, next, problems })); // prettier-ignore
  const batches = async () =>
    (await vault.log.reader.session('one' as SessionId)).flatMap((entry) =>
      entry.type === 'session.batch' ? entry.data.count : [],
    );

  it('are sealed together; each is answered once it is durable, and can be read in its place', async () => {
    const posted = await postEach(100);
    expect(answers(posted)).toEqual(
      posted.map((_, index) => ({ accepted: 1, suppressed: 0, rejected: 0, next: index + 1, problems: [] })),
    );
    const counts = await batches();
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100);
    expect(counts.length).toBeLessThanOrEqual(10);
    for (const { position, receipts } of posted) {
      expect(position).toBeLessThan(vault.log.size);
      expect(receipts.length).toBeGreaterThan(0);
    }
    const { records } = await vault.read(await vault.grant('one', ['typed']), 'one');
    const text = ({ sequence, fields: { typed } }: (typeof records)[number]) => [
      sequence,
      (typed as { text: string }).text,
    ];
    expect(records.map(text)).toEqual(posted.map((_, index) => [index, `record ${index} ${index}`]));
    expect(await vault.verify()).toMatchObject({ ok: true });
  });

  it('are each answered the same when they are sent again, to whichever instance', async () => {
    const posted = await postEach(40);
    const size = vault.log.size;
    const again = await postEach(40, { with: vault.ingester(await vault.openLog()) });
    expect(again).toEqual(posted);
    expect(vault.log.size).toBe(size);
  });

  it('are refused one by one', async () => {
    const isBad = (index: number) => index % 7 === 3;
    const posted = await postEach(30, { records: (index) => (isBad(index) ? [{ time: start, data: { deep: nested(2000) } }] : recordAt(index)) }); // prettier-ignore
    expect(answers(posted)).toEqual(
      posted.map((_, index) => ({
        accepted: isBad(index) ? 0 : 1,
        suppressed: 0,
        rejected: isBad(index) ? 1 : 0,
        next: index + 1,
        problems: isBad(index) ? [{ index: 0, code: 'record_unstorable' }] : [],
      })),
    );
  });

  it('are each counted while their subject is not recorded', async () => {
    await vault.consent('s1', 'paused');
    const posted = await postEach(30);
    expect(posted.map(({ suppressed, accepted }) => ({ suppressed, accepted }))).toEqual(posted.map(() => ({ suppressed: 1, accepted: 0 }))); // prettier-ignore
    expect(await bodies()).toEqual([]);
  });
});

function nested(levels: number): unknown {
  return levels === 0 ? 0 : [nested(levels - 1)];
}
