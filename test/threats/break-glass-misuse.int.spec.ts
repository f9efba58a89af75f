import { accessKey } from '../../src/access/access-state.js';
import { Disclose, DiscloseHandler } from '../../src/access/disclose.handler.js';
import { reach } from '../../src/access/reach.js';
import { SubjectLedger, SubjectLedgerHandler } from '../../src/history/subject-ledger.js';
import type { Scope } from '../../src/log/entries.js';
import type { FieldName } from '../../src/log/fields.js';
import type { ActId, GrantId, PersonId, Position, SessionId, SubjectId } from '../../src/log/ids.js';
import { ProposeAct, ProposeActHandler } from '../../src/identity/act-commands.js';
import { writeCommand } from '../../src/log/write-command.js';
import { freshCommand, researcher, start, typedRecords, VaultInProcess } from '../vault-in-process.js';

/** One officer may open a little alone, so that is what has to be kept little, told, and looked at afterwards. */
let vault: VaultInProcess;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(120));
  await vault.ingest('two', 's2', typedRecords(3));
});
afterEach(() => vault.stop());

const scopeOf = ({ records = 200, disclosures = 2, ...rest }: Partial<Scope & Scope['budget']> = {}): Scope => ({
  fields: ['typed'] as FieldName[],
  sessions: [{ session: 'one' as SessionId, subject: 's1' as SubjectId }],
  ...{ from: start, to: start + 3_600_000, purpose: 'somebody is in there now', durationSeconds: 600 },
  budget: { records, disclosures },
  ...rest,
});
async function broken(scope = scopeOf(), officer: 'ola' | 'pia' = 'ola'): Promise<GrantId> {
  const { act, enforced } = await vault.act('break-glass', { scope }, [officer]);
  expect(enforced).toBe(true);
  return act as string as GrantId;
}
async function read(grant: GrantId, person = 'ola', session = 'one'): Promise<number> {
  const asked = new Disclose(freshCommand(), person as PersonId, grant, session as SessionId, undefined);
  const { batches } = await new DiscloseHandler(vault.log, vault.keyholder).execute(asked);
  let records = 0;
  for await (const { sequences } of batches) records += sequences.length;
  return records;
}
const finding = 'it was needed and no more was read';
const review = (grant: GrantId, signers: ('ola' | 'pia' | 'roy')[]) =>
  vault.act('break-glass.review', { grant, finding }, signers);
const refused = (...rules: string[]) => ({ code: 'break_glass_refused', members: { rules } });
const denied = (...rules: string[]) => ({ code: 'disclosure_denied', members: { rules } });

describe('one officer alone does not open', () => {
  const two = [...scopeOf().sessions, { session: 'two' as SessionId, subject: 's2' as SubjectId }];

  it.each<[string, Partial<Scope & Scope['budget']>, string]>([
    ['a strict field', { fields: ['performance'] as FieldName[] }, 'field_not_for_break_glass'],
    ['anything for longer than minutes', { durationSeconds: 901 }, 'duration_above_ceiling'],
    ['one record too many', { records: 201 }, 'records_above_ceiling'],
    ['it once too often', { disclosures: 3 }, 'disclosures_above_ceiling'],
    ['what is about a second subject', { sessions: two }, 'subjects_above_ceiling'],
  ])('%s', async (_what, above, rule) => {
    await expect(vault.act('break-glass', { scope: scopeOf(above) }, ['ola'])).rejects.toMatchObject(refused(rule));
    expect(vault.log.state.of(accessKey).glasses.size).toBe(0);
  });

  it('more than that by an act that the service let through: the keyholder has its own limits', async () => {
    const made = { session: 'one' as SessionId, fields: ['typed'] as FieldName[], versions: 99, records: 120 };
    const asked = { kind: 'break-glass', body: { scope: scopeOf({ records: 201 }) } };
    const positions = await vault.forcedAct(asked, ['ola'], (act) => [
      {
        type: 'disclosure.made',
        stream: `request/${act}`,
        subject: 's1' as SubjectId,
        data: { ...made, grant: act as string as GrantId },
      },
    ]);
    const opened = vault.keyholder.open(positions[2] as Position)[Symbol.asyncIterator]();
    await expect(opened.next()).rejects.toMatchObject({ code: 'keyholder_refused' });
    const { problems } = await vault.verify();
    expect(problems.map(({ check }) => check)).toEqual(['act_invalid', 'disclosure_without_grant']);
  });

  it('under the id of a request that there is, which the log would hold for good as an act that was none', async () => {
    const body = { scope: scopeOf() };
    const act = (await vault.grant('two', ['typed'])) as string as ActId;
    const envelope = await vault.signatureOn(act, { kind: 'break-glass', body }, 'ola');
    const asked = { act, kind: 'break-glass', body, envelope };
    await expect(
      new ProposeActHandler(vault.log).execute(new ProposeAct(freshCommand(), 'ola' as PersonId, asked)),
    ).rejects.toMatchObject(refused('grant_id_used'));
    expect(await vault.verify()).toMatchObject({ ok: true });
  });

  it('a second time before others have reviewed the first, whatever it was', async () => {
    const grant = await broken();
    await expect(broken()).rejects.toMatchObject(refused('break_glass_unreviewed'));
    await broken(scopeOf(), 'pia');
    await review(grant, ['pia']);
    await expect(broken()).rejects.toMatchObject(refused('break_glass_unreviewed'));
    await review(grant, ['pia', 'roy']);
    expect(await read(await broken())).toBe(120);
  });

  it('for somebody else', async () => {
    const grant = await broken();
    for (const person of [researcher, 'pia']) {
      await expect(read(grant, person)).rejects.toMatchObject(denied('grant_unknown'));
    }
  });
});

describe('what was opened alone is closed', () => {
  it('once its records are spent', async () => {
    const grant = await broken();
    expect(await read(grant)).toBe(120);
    await expect(read(grant)).rejects.toMatchObject(denied('records_spent'));
  });

  it('once its minutes are over', async () => {
    const grant = await broken();
    await vault.passDays(1);
    await expect(read(grant)).rejects.toMatchObject(denied('grant_expired'));
  });

  it('once it is reviewed', async () => {
    const grant = await broken();
    await review(grant, ['pia', 'roy']);
    await expect(read(grant)).rejects.toMatchObject(denied('grant_revoked'));
  });

  it('by a lock, and by a policy that allows less', async () => {
    const grant = await broken();
    await vault.changePolicy(({ breakGlass }) => (breakGlass.longestSeconds = 60));
    await vault.lock({ kind: 'all' });
    await expect(read(grant)).rejects.toMatchObject(denied('locked', 'policy_forbids'));
  });
});

describe('whoever broke the glass does not review it', () => {
  it.each<[string, ('ola' | 'pia')[]]>([
    ['first', ['ola', 'pia']],
    ['last', ['pia', 'ola']],
  ])('as the %s to sign', async (_when, signers) => {
    const grant = await broken();
    await expect(review(grant, signers)).rejects.toMatchObject(refused('reviewer_broke_glass'));
    await expect(broken()).rejects.toMatchObject(refused('break_glass_unreviewed'));
  });

  it('by an act that the service let through: it is none', async () => {
    const grant = await broken();
    await vault.forcedAct({ kind: 'break-glass.review', body: { grant, finding } }, ['pia', 'ola']);
    await expect(broken()).rejects.toMatchObject(refused('break_glass_unreviewed'));
    expect((await vault.verify()).problems).toMatchObject([{ check: 'act_invalid' }]);
  });

  it('nor does anybody review what nobody broke', async () => {
    const other = await vault.grant('one', ['typed']);
    await expect(review(other, ['pia', 'roy'])).rejects.toMatchObject(refused('nothing_to_review'));
  });
});

it('no paused programme resumes before it is reviewed, though the report was green before', async () => {
  const { position: since } = await vault.pauseProgramme();
  const { hash } = await vault.assure();
  const grant = await broken();
  const resume = (assurance: string) => vault.act('programme.resume', { since, assurance });
  await expect(resume(hash)).rejects.toMatchObject({
    code: 'programme_unassured',
    members: { rules: ['review_open'] },
  });
  expect((await vault.assure()).items.filter(({ ok }) => !ok)).toMatchObject([{ item: 'break_glass_reviewed' }]);
  await review(grant, ['pia', 'roy']);
  expect(await resume((await vault.assure()).hash)).toMatchObject({ enforced: true });
});

it('the subject is told though the service wrote no word of it, and of none that nobody signed', async () => {
  const ledger = async (subject: string) =>
    (await new SubjectLedgerHandler(vault.log).execute(new SubjectLedger(subject as SubjectId))).entries;
  const [, signed] = await vault.forcedAct({ kind: 'break-glass', body: { scope: scopeOf() } }, ['ola']);
  expect(await ledger('s1')).toMatchObject([{ position: signed, kind: 'break-glass', person: 'ola', sessions: ['one'], purpose: 'somebody is in there now' }]); // prettier-ignore
  const told = { grant: freshCommand() as string as GrantId, officer: 'ola' as PersonId, fields: ['typed'] as FieldName[], reason: 'none', durationSeconds: 60, records: 1 }; // prettier-ignore
  await vault.log.append(writeCommand(freshCommand(), 'ola' as PersonId, told), () => ({
    entries: [{ type: 'glass.broken', stream: `request/${told.grant}`, subject: 's2' as SubjectId, data: told }],
    answer: null,
  }));
  expect(await ledger('s2')).toEqual([]);
});

it('the subject, whoever asks who can read, and a containment are told', async () => {
  const grant = await broken();
  const { entries } = await new SubjectLedgerHandler(vault.log).execute(new SubjectLedger('s1' as SubjectId));
  expect(entries).toMatchObject([{ kind: 'break-glass', person: 'ola', purpose: 'somebody is in there now' }]);
  expect(reach(vault.log.state.of(accessKey), Date.now())).toMatchObject([
    { person: 'ola', grant, isBreakGlass: true },
  ]);
  expect(await vault.contain()).toMatchObject({ open: 1, named: [{ person: 'ola', grant }] });
  expect((await vault.verify()).problems).toEqual([]);
});
