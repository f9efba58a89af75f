import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { SubjectLedger, SubjectLedgerHandler } from '../history/subject-ledger.js';
import type { SubjectId } from '../log/ids.js';
import { verifyLiveLog } from './verify-log.js';

let vault: VaultInProcess;
let folder: string;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  folder = await mkdtemp(join(tmpdir(), 'custos-verify-'));
  await vault.writeTrustFile(join(folder, 'trust.json'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await vault.stop();
});

const verify = () => verifyLiveLog({ data: folder, database: vault.database.url('custos_reader') });
const told = async () => {
  const { entries } = await new SubjectLedgerHandler(vault.log).execute(new SubjectLedger('s1' as SubjectId));
  return entries.map(({ kind }) => kind);
};

it('a live log does not verify where the service is shown other rows than whoever verifies', async () => {
  await vault.ingest('one', 's1', typedRecords(3));
  await vault.read(await vault.grant('one', ['typed']), 'one');
  expect(await verify()).toMatchObject({ ok: true, problems: [] });
  expect(await told()).toEqual(['granted', 'released']);
  for (const sql of [
    'ALTER TABLE log.entry RENAME TO entry_all',
    `CREATE VIEW log.entry AS SELECT * FROM log.entry_all WHERE current_user <> 'custos_service' OR type <> 'disclosure.made'`,
    'GRANT SELECT ON log.entry TO custos_service, custos_reader',
  ])
    await vault.asIntruder(sql);
  expect(await told()).toEqual(['granted']);
  const { ok, problems, unguarded } = await verify();
  expect([ok, problems]).toEqual([false, [{ position: vault.log.size, check: 'unguarded' }]]);
  expect(unguarded).toContain('log.entry');
});
