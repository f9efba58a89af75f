import { freshCommand, researcher, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import type { FieldName } from '../log/fields.js';
import type { GrantId, Position, SessionId, SubjectId } from '../log/ids.js';
import { writeCommand } from '../log/write-command.js';

let vault: VaultInProcess;
let grant: GrantId;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(1200));
  grant = await vault.grant('one', ['typed'], { records: 100_000 });
});
afterEach(() => vault.stop());

const all = { kind: 'all' } as const;
const denied = { code: 'disclosure_denied', members: { rules: ['locked'] } };

async function committed(): Promise<Position> {
  const data = { grant, session: 'one' as SessionId, fields: ['typed'] as FieldName[], versions: 99, records: 1200 };
  const { positions } = await vault.log.append(writeCommand(freshCommand(), researcher, 'committed'), () => ({
    entries: [{ type: 'disclosure.made', stream: `request/${grant}`, data, subject: 's1' as SubjectId }],
    answer: null,
  }));
  return positions[0] as Position;
}
async function readOn(disclosure: Position, afterFirst: () => Promise<unknown> = async () => undefined) {
  let records = 0;
  for await (const { sequences } of vault.keyholder.open(disclosure)) {
    if (records === 0) await afterFirst();
    records += sequences.length;
  }
  return records;
}

describe('above a lock nothing is released', () => {
  it('on this instance and on one that has not heard of it', async () => {
    const other = await vault.openLog();
    await vault.lock(all, other);
    await expect(vault.read(grant, 'one')).rejects.toMatchObject(denied);
  });

  it('of a disclosure that was committed before it and not opened yet', async () => {
    const disclosure = await committed();
    await vault.lock({ kind: 'subject', subject: 's1' as SubjectId });
    await expect(readOn(disclosure)).rejects.toMatchObject({ code: 'disclosure_stopped' });
  });

  it.each([
    ['a lock', () => vault.lock({ kind: 'person', person: researcher })],
    ['a revocation', () => vault.revoke(grant)],
    ['an erasure', () => vault.erase('s1')],
    ['a stricter policy', () => vault.changePolicy(({ classes }) => (classes.private.quorum = 3))],
  ])('of what streams already: %s stops it between two batches', async (_what, stop) => {
    expect(await readOn(await committed())).toBe(1200);
    await expect(readOn(await committed(), stop)).rejects.toMatchObject({ code: 'disclosure_stopped' });
  });

  it('after one officer signed to lift it, also twice', async () => {
    const { lock } = await vault.lock(all);
    await vault.act('lock.lift', { lock }, ['ola']);
    await expect(vault.act('lock.lift', { lock }, ['ola', 'ola'])).rejects.toMatchObject({ code: 'act_refused' });
    await expect(vault.read(grant, 'one')).rejects.toMatchObject(denied);
  });

  it('after another lock was lifted', async () => {
    const [{ lock }] = [await vault.lock(all), await vault.lock({ kind: 'grant', grant })];
    await vault.act('lock.lift', { lock });
    await expect(vault.read(grant, 'one')).rejects.toMatchObject(denied);
  });
});

it('a quorum of officers lifts a lock, and what was granted opens again', async () => {
  const { lock } = await vault.lock(all);
  expect(await vault.act('lock.lift', { lock })).toMatchObject({ signatures: 2, needed: 2, enforced: true });
  expect((await vault.read(grant, 'one')).records).toHaveLength(1200);
});
