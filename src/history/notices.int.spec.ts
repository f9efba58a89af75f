import { setTimeout as sleep } from 'node:timers/promises';
import { freshCommand, researcher, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { personOfSubject, type GrantId, type PersonId, type SessionId, type SubjectId } from '../log/ids.js';
import type { Draft } from '../log/draft.js';
import type { EntryType } from '../log/entries.js';
import { fieldNames, type FieldName } from '../log/fields.js';
import type { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import type { Person, Role } from '../identity/person.js';
import { Notices, NoticesHandler, type NoticesAnswer } from './notices.js';
import { SubjectLedger, SubjectLedgerHandler } from './subject-ledger.js';

let vault: VaultInProcess;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(10));
  await vault.ingest('two', 's2', typedRecords(10));
});
afterEach(() => vault.stop());

const person = (id: string, ...roles: Role[]): Person => ({ id: id as PersonId, roles: new Set(roles), tokenExpiresAt: Infinity }); // prettier-ignore
const subject = (id: string): Person => ({ ...person(`subject:${id}`, 'subject'), subject: id as SubjectId });
const officer = person('ola', 'officer');

const notices = (asker: Person, after = 0, limit = 100, log = vault.log) =>
  new NoticesHandler(log).execute(new Notices(asker, after, limit));
const kinds = async (asker: Person, after?: number) => (await notices(asker, after)).notices.map(({ kind }) => kind);

const breakGlass = (session: string, of: string) =>
  vault.act(
    'break-glass',
    {
      scope: {
        ...{ fields: ['url'], sessions: [{ session, subject: of }], from: 0, to: 8_640_000_000_000_000 },
        ...{ purpose: 'somebody is in there now', durationSeconds: 600, budget: { records: 100, disclosures: 1 } },
      },
    },
    ['ola'],
  );

describe('nobody is told', () => {
  it('of what was done with the data of another subject', async () => {
    await vault.read(await vault.grant('two', ['typed']), 'two');
    await breakGlass('two', 's2');
    await vault.erase('s2');
    expect(await kinds(subject('s1'))).toEqual([]);
    expect(await kinds(subject('s2'))).toEqual(['granted', 'released', 'break-glass', 'erased']);
  });

  it('anything, without being a subject or an officer', async () => {
    await breakGlass('one', 's1');
    for (const role of ['source', 'researcher', 'approver', 'auditor'] as const)
      expect(await kinds(person('someone', role))).toEqual([]);
  });

  it('as an officer, of what a quorum gave', async () => {
    await vault.read(await vault.grant('one', ['typed']), 'one');
    expect(await kinds(officer)).toEqual([]);
  });

  it('of what the log does not have yet', async () => {
    const { size } = vault.log;
    expect(await notices(subject('s1'), size)).toEqual({ notices: [], next: size, more: false });
    await expect(notices(subject('s1'), size + 1)).rejects.toMatchObject({
      code: 'position_unknown',
      members: { size },
    });
  });
});

describe('a subject is told', () => {
  it('of a grant before anybody reads, and of each reading, attempt and copy', async () => {
    const grant = await vault.grant('one', ['typed']);
    const given = await notices(subject('s1'));
    const signed = { purpose: 'to see that it works', approvers: ['ada', 'bob'] };
    const granted = { kind: 'granted', person: researcher, sessions: ['one'], fields: ['typed'], ...signed };
    expect(given).toMatchObject({ notices: [granted], more: false });
    const { disclosure } = await vault.read(grant, 'one');
    await expect(vault.read(grant, 'one', ['screen'])).rejects.toMatchObject({ code: 'disclosure_denied' });
    await vault.copy('one', 's1');
    const told = await notices(subject('s1'), given.next);
    expect(told.notices).toMatchObject([
      { position: disclosure, kind: 'released', person: researcher, session: 'one', fields: ['typed'], records: 10, ...signed }, // prettier-ignore
      { kind: 'refused', person: researcher, session: 'one', fields: ['screen'], rules: ['field_not_granted'] },
      { kind: 'copy', person: personOfSubject('s1' as SubjectId), session: 'one' },
    ]);
    expect(told.next).toBe(vault.log.size);
  });

  it('of a reading, and of every line in its own place, whatever a stolen service writes beside it', async () => {
    const { disclosure } = await vault.read(await vault.grant('one', ['typed']), 'one');
    const before = await notices(subject('s1'));
    const ledgerBefore = await new SubjectLedgerHandler(vault.log).execute(new SubjectLedger('s1' as SubjectId));
    const forge = (type: EntryType, data: object, stream = 'x') =>
      vault.log.append(writeCommand(freshCommand(), researcher, data), () => ({
        entries: [{ type, stream, subject: 's1', data } as unknown as Draft],
        answer: null,
      }));
    // One line of the ledger at the position of another: whoever tells each position once would tell one of the two.
    await forge('consent.changed', { consent: 'given', position: disclosure, kind: 'granted', person: 'ada' });
    await forge('consent.changed', { consent: { toString: 1 }, until: 'x' });
    await forge('disclosure.refused', { session: 7, fields: 'typed', rules: null });
    await forge('glass.broken', { officer: 7, fields: null, records: -1 });
    await forge('disclosure.made', { session: 'one', fields: 'typed', records: -7 });
    const told = await notices(subject('s1'), before.next);
    const first = before.next;
    expect(told.notices).toMatchObject([
      { position: first, kind: 'consent', person: researcher, consent: 'given' },
      { position: first + 1, kind: 'consent' },
      { position: first + 2, kind: 'refused', fields: [], rules: [] },
      { position: first + 4, kind: 'released', session: 'one', fields: fieldNames },
    ]);
    expect((await notices(subject('s1'))).notices).toEqual([...before.notices, ...told.notices]);
    // An end of another release, in the place where this one's is looked for.
    await forge('disclosure.completed', { disclosure: first + 3, records: 0, outcome: 'delivered' }, `disclosure/${first + 4}`); // prettier-ignore
    const { entries } = await new SubjectLedgerHandler(vault.log).execute(new SubjectLedger('s1' as SubjectId));
    expect(entries.slice(0, ledgerBefore.entries.length)).toEqual(ledgerBefore.entries);
    expect(entries.at(-1)).toMatchObject({ position: first + 4, completed: 'unknown' });
  });

  it('of their own part only, where a grant or a broken glass is about others as well', async () => {
    const sessions = [
      { session: 'one', subject: 's1' },
      { session: 'two', subject: 's2' },
    ];
    const scope = {
      fields: ['url'],
      sessions,
      from: 0,
      to: 8_640_000_000_000_000,
      purpose: 'somebody is in there now',
    };
    const terms = { durationSeconds: 600, budget: { records: 100, disclosures: 1 } };
    await vault.changePolicy((policy) => (policy.breakGlass.mostSubjects = 2));
    await vault.act('break-glass', { scope: { ...scope, ...terms } }, ['ola']);
    const told = JSON.stringify(await notices(subject('s1')));
    expect(told).toContain('break-glass');
    expect(told).not.toMatch(/two|s2/);
  });

  it('of a break-glass and its review, as officers are', async () => {
    const { act: grant, position } = await breakGlass('one', 's1');
    await vault.act('break-glass.review', { grant, finding: 'it was needed' }, ['pia', 'roy']);
    const reviewed = { kind: 'reviewed', person: 'ola', approvers: ['pia', 'roy'] };
    const about = { kind: 'break-glass', person: 'ola', fields: ['url'], purpose: 'somebody is in there now' };
    expect((await notices(subject('s1'))).notices).toMatchObject([about, reviewed]);
    const { notices: told } = await notices(officer);
    // Where it was signed; an entry for each subject comes behind.
    expect(told).toMatchObject([{ ...about, position: position - 1, sessions: ['one'] }, reviewed]);
    expect(told[1]?.at).toBeGreaterThanOrEqual(told[0]?.at as number);
    // The finding is in the act, which officers list.
    expect(JSON.stringify(told)).not.toContain('needed');
  });

  it('of nothing that their ledger does not show them', async () => {
    await vault.read(await vault.grant('one', ['typed']), 'one');
    await vault.consent('s1', 'paused');
    await vault.copy('one', 's1');
    await breakGlass('one', 's1');
    await vault.erase('s1');
    const { entries } = await new SubjectLedgerHandler(vault.log).execute(new SubjectLedger('s1' as SubjectId));
    const told = (await notices(subject('s1'))).notices;
    const lines = entries.map(({ completed: _later, ...line }) => line);
    expect(told.map((one) => ({ ...one, kind: one.kind === 'copy' ? 'released' : one.kind }))).toEqual(lines);
    expect(told.map(({ kind }) => kind)).toEqual(['granted', 'released', 'consent', 'copy', 'break-glass', 'erased']);
  });

  it('the same again, whatever came of it later', async () => {
    const grant = await vault.grant('one', ['typed']);
    const { batches } = await vault.disclose(grant, 'one');
    const before = await notices(subject('s1'));
    for await (const batch of batches) expect(batch.sequences).toHaveLength(10);
    await vault.revoke(grant);
    expect((await notices(subject('s1'))).notices).toEqual(before.notices);
  });
});

describe('whoever goes on from where they were', () => {
  /** As a service would write it: quicker than a disclosure. */
  const attempt = (log: Log, of: string) =>
    log.append(writeCommand(freshCommand(), researcher, 'attempt'), () => ({
      entries: [
        {
          type: 'disclosure.refused',
          stream: `person/${researcher}`,
          subject: of as SubjectId,
          data: { grant: 'g' as GrantId, session: 'one' as SessionId, fields: ['typed'] as FieldName[], rules: ['x'] },
        },
      ],
      answer: null,
    }));

  it('is told from exactly that position on', async () => {
    const [position] = (await attempt(vault.log, 's1')).positions;
    expect(await kinds(subject('s1'), position)).toEqual(['refused']);
    expect(await kinds(subject('s1'), (position as number) + 1)).toEqual([]);
  });

  it('and takes as many as there are, or one less, hears of the last one once', async () => {
    for (let index = 0; index < 3; index += 1) await attempt(vault.log, 's1');
    expect(await notices(subject('s1'), 0, 3)).toMatchObject({ more: false, next: vault.log.size });
    const two = await notices(subject('s1'), 0, 2);
    expect(two).toMatchObject({ more: true, next: vault.log.size - 1 });
    expect((await notices(subject('s1'), two.next, 2)).notices).toMatchObject([{ position: vault.log.size - 1 }]);
  });

  it.each(['size', 'state', 'index'])('hears once of what is written while the %s is read', async (read) => {
    const reading = await vault.openLog();
    const grant = async () => {
      await vault.grant('one', ['typed']);
      await attempt(vault.log, 's1');
    };
    /** Reads, and before whoever asked has the answer, somebody writes. */
    const late = async <T>(answer: Promise<T>) => {
      const first = await answer;
      await grant();
      return first;
    };
    const [head, refreshed, ofSubject] = [reading.reader.head, reading.refreshed, reading.reader.ofSubject];
    const { reader } = reading;
    if (read === 'size') jest.spyOn(reader, 'head').mockImplementationOnce(() => late(head.call(reader)));
    if (read === 'state') jest.spyOn(reading, 'refreshed').mockImplementationOnce(() => late(refreshed.call(reading))); // prettier-ignore
    if (read === 'index') jest.spyOn(reader, 'ofSubject').mockImplementationOnce((...of) => late(ofSubject.apply(reader, of))); // prettier-ignore
    const first = await notices(subject('s1'), 0, 100, reading);
    const then = await notices(subject('s1'), first.next, 100, reading);
    const heard = [...first.notices, ...then.notices];
    expect(heard.map(({ kind }) => kind)).toEqual(['granted', 'refused']);
    expect(heard).toEqual((await notices(subject('s1'))).notices);
  });

  it('misses nothing and hears nothing twice, while others write on two instances', async () => {
    const [here, there, reading] = [vault.log, await vault.openLog(), await vault.openLog()];
    let writing = true;
    const writers = [here, here, there, there].map(async (log, index) => {
      for (let count = 0; count < 30; count += 1) await attempt(log, index % 2 === 0 ? 's1' : 's2');
    });
    const granting = (async () => {
      for (let count = 0; count < 3; count += 1) await vault.grant('one', ['typed']);
    })();
    const all = Promise.all([...writers, granting]).finally(() => (writing = false));
    const heard: NoticesAnswer['notices'][number][] = [];
    let [after, asked] = [0, 0];
    for (let last = false; ;) {
      const answer = await notices(subject('s1'), after, 3, reading);
      heard.push(...answer.notices);
      after = answer.next;
      asked += 1;
      if (answer.more) continue;
      if (last) break;
      last = !writing;
      await sleep(1);
    }
    await all;
    const whole = (await notices(subject('s1'), 0, 1000)).notices;
    expect(whole).toHaveLength(63);
    expect(heard).toEqual(whole);
    expect(asked).toBeGreaterThan(20);
  });
});
