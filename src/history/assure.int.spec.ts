import { type judge } from '../access/judge-disclosure.js';
import type { KeyholderPort } from '../keys/keyholder-port.js';
import { assuranceHash } from '../capture/programme.js';
import { goneKeyholder } from '../../test/gone-keyholder.js';
import type { AssuranceReported } from '../log/entries.js';
import type { GrantId, SessionId, SubjectId } from '../log/ids.js';
import { decodeHeader, encodeHeader, type EntryOf } from '../log/header.js';
import type { Log } from '../log/log.js';
import { LastAssuranceHandler } from './assure.js';
import { start, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';

let vault: VaultInProcess;
let grant: GrantId;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(3));
  grant = await vault.grant('one', ['typed']);
});
afterEach(() => vault.stop());

const wrongIn = ({ items }: AssuranceReported) =>
  Object.fromEntries(items.filter(({ ok }) => !ok).map(({ item, wrong }) => [item, wrong]));

it('a vault in which all is well is assured, read from, locked and erased from as it may be', async () => {
  await vault.read(grant, 'one');
  await vault.erase('s1');
  await vault.lock({ kind: 'all' });
  const report = await vault.assure();
  expect(wrongIn(report)).toEqual({});
  expect(report).toMatchObject({ ok: true, items: expect.any(Array), receipts: [expect.any(String)] });
  expect(report.items).toHaveLength(9);
});

it('a report says from where on bodies were looked at, since it is green of them alone', async () => {
  expect(await vault.assure()).toMatchObject({ since: 0, ok: true });
  const { size } = await vault.log.reader.head();
  const { hash, ...report } = await vault.assure({}, size);
  expect(report).toMatchObject({ since: size, ok: true });
  expect(assuranceHash({ ...{ size: report.size, since: 0, ok: true }, items: report.items })).not.toBe(hash);
});

it('the last report is the one that was written, or none: not what its row says by now', async () => {
  const last = () => new LastAssuranceHandler(vault.log).execute();
  const { size, hash } = await vault.assure();
  expect(await last()).toMatchObject({ size, hash, ok: true, since: 0 });
  const position = vault.log.size - 1;
  const entry = decodeHeader(await vault.log.reader.header(position)) as EntryOf<'assurance.reported'>;
  const changed = encodeHeader({ ...entry, data: { ...entry.data, size: size + 100 } });
  await vault.asIntruder('UPDATE log.entry SET header = $1 WHERE position = $2', [Buffer.from(changed), position]);
  await expect(last()).rejects.toMatchObject({ code: 'log_corrupt', members: { position } });
});

describe('the report is red', () => {
  const openToAll: typeof judge = {
    judge: () => ({ allowed: true, subject: 's1' as SubjectId, session: 'one' as SessionId, from: start, to: start, rests: 'on signatures', expiresAt: Infinity }), // prettier-ignore
    mustStop: () => false,
  };
  const behind = (keyholder: KeyholderPort): KeyholderPort => ({
    ...{ probe: (probes) => keyholder.probe(probes), destroy: (tombstone) => keyholder.destroy(tombstone) },
    ...{ register: (subject) => keyholder.register(subject), open: (position) => keyholder.open(position) },
    deleteExpired: () => keyholder.deleteExpired(),
    status: () => Promise.resolve({ size: 2, erasedKeysLeft: 0, lostKeys: 0 }),
  });
  /** A process that decides on what it knew before the lock. */
  const stuck = (log: Log): Log => {
    const { state } = log;
    return new Proxy(log, {
      get(target, name) {
        if (name === 'refreshed') return () => Promise.resolve(state);
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
  };

  it.each<[string, Record<string, unknown>, () => Promise<Parameters<VaultInProcess['assure']>[0]>]>([
    [
      'over a column that somebody changed',
      { log_verified: ['body_changed'] },
      async () => {
        await vault.asIntruder(`UPDATE log.body SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1)
          WHERE (position, field) = (SELECT position, field FROM log.body ORDER BY position LIMIT 1)`);
        return {};
      },
    ],
    [
      'over a guard that somebody took from the database',
      { database_guarded: ['guards_changed'] },
      async () => {
        await vault.asIntruder('ALTER TABLE log.entry DISABLE TRIGGER ALL');
        return {};
      },
    ],
    [
      'over a process that decides on another state than the log gives',
      { state_equals_log: ['access'] },
      async () => {
        const log = stuck(vault.log);
        await vault.lock({ kind: 'all' });
        return { log };
      },
    ],
    [
      'over a keyholder that would open without a grant',
      { reading_without_grant_refused: ['keyholder_opens'] },
      async () => ({ keyholder: await vault.openKeyholder(vault.trust, undefined, openToAll) }),
    ],
    [
      'over the key of an erased subject, put back from a backup',
      { erased_keys_gone: ['key_of_erased_subject'] },
      async () => {
        await vault.asIntruder('CREATE TABLE keys.kept AS SELECT * FROM keys.subject_key');
        await vault.erase('s1');
        await vault.asIntruder('INSERT INTO keys.subject_key SELECT * FROM keys.kept; DROP TABLE keys.kept');
        return {};
      },
    ],
    [
      'over a subject whose key is lost: what is posted for them is sealed to nobody',
      { subject_keys_held: ['key_of_subject_lost'] },
      async () => {
        await vault.asIntruder("DELETE FROM keys.subject_key WHERE subject = 's1'");
        return {};
      },
    ],
    [
      'over a keyholder that has not read the whole log',
      { keyholder_at_head: ['keyholder_behind'] },
      () => Promise.resolve({ keyholder: behind(vault.keyholder) }),
    ],
    [
      'without a keyholder, and says so for all that it would have been asked',
      {
        reading_without_grant_refused: ['keyholder_unavailable'],
        erased_keys_gone: ['keyholder_unavailable'],
        subject_keys_held: ['keyholder_unavailable'],
        keyholder_at_head: ['keyholder_unavailable'],
      },
      () => Promise.resolve({ keyholder: goneKeyholder() }),
    ],
    [
      'over reach above the ceilings of a policy that came later',
      { reach_under_ceilings: expect.arrayContaining(['mostSubjectsAtOnce:private']) },
      async () => {
        await vault.changePolicy(({ classes }) => {
          classes.private.mostSubjectsAtOnce = 0;
          classes.strict.mostSubjectsAtOnce = 0;
        });
        return {};
      },
    ],
  ])('%s', async (_what, wrong, plant) => {
    const report = await vault.assure(await plant());
    expect(wrongIn(report)).toEqual(wrong);
    expect(report.ok).toBe(false);
  });
});

describe('the programme does not go on', () => {
  let since: number;
  beforeEach(async () => void ({ position: since } = await vault.pauseProgramme()));
  const refused = (...rules: string[]) => ({ code: 'programme_unassured', members: { rules } });
  const resume = (assurance: string) => vault.act('programme.resume', { since, assurance });

  it('on a report that nobody made', async () => {
    const rules = ['assurance_superseded', 'assurance_not_green', 'assurance_before_pause', 'assurance_too_old'];
    await expect(resume('0'.repeat(64))).rejects.toMatchObject(refused(...rules));
  });

  it('on a red report', async () => {
    const { hash } = await vault.assure({ keyholder: goneKeyholder() });
    await expect(resume(hash)).rejects.toMatchObject(refused('assurance_not_green'));
  });

  it('on a green one that a red one followed', async () => {
    const { hash } = await vault.assure();
    await vault.assure({ keyholder: goneKeyholder() });
    await expect(resume(hash)).rejects.toMatchObject(refused('assurance_superseded', 'assurance_not_green'));
  });

  it('on one from before the pause', async () => {
    const { hash } = await vault.assure();
    ({ position: since } = await vault.pauseProgramme());
    await expect(resume(hash)).rejects.toMatchObject(refused('assurance_before_pause'));
  });

  it('on one that is a day old', async () => {
    const { hash } = await vault.assure();
    await vault.passDays(1);
    await expect(resume(hash)).rejects.toMatchObject(refused('assurance_too_old'));
  });

  it('by an act that the service let through without one', async () => {
    const assurance = '0'.repeat(64);
    await vault.forcedAct({ kind: 'programme.resume', body: { since, assurance } }, ['ola', 'pia']);
    expect(await vault.ingest('two', 's1', typedRecords(1))).toMatchObject({ suppressed: 1 });
  });

  it('but on a green one of this pause', async () => {
    const { hash } = await vault.assure();
    expect(await resume(hash)).toMatchObject({ enforced: true });
    expect(await vault.ingest('two', 's1', typedRecords(1))).toMatchObject({ accepted: 1 });
  });
});
