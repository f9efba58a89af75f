import {
  allowed,
  after,
  alone,
  approved,
  denied,
  disclosed,
  disclosure,
  enrolKeys,
  entry,
  erased,
  given,
  grantId,
  granted,
  later,
  locked,
  person,
  rejected,
  requested,
  revoked,
  session,
  sessions,
  start,
  subject,
} from './given.spec.js';
import type { LockTarget } from '../log/entries.js';
import { fieldNames } from '../log/fields.js';
import { ownCopy } from '../log/ids.js';
import { decide, type Disclosure } from './decide.js';
import { policyChanged } from './given-policy.spec.js';
import { anyTime } from './scope.js';

beforeAll(enrolKeys);

const own = (asked: Partial<Disclosure> = {}) =>
  disclosure({ grant: ownCopy, person: person('subject:sub-1'), subject: subject('sub-1'), ...asked });

/** An entry may say anything: none of these is charged to a budget (evolve.unit.spec.ts). */
const noCounts = [-1, NaN, 0.5, '1', [1], true, null] as readonly number[];

describe('a copy of what is about somebody is denied', () => {
  it.each<[string, Partial<Disclosure>]>([
    ['to anybody but them', { person: person('researcher') }],
    ['to another subject', { person: person('subject:sub-2') }],
    ['of another subject', { subject: subject('sub-2') }],
    ['of a session that nobody knows whose it is', { subject: undefined }],
    [
      'of such a session, to whoever has the name of nothing',
      { subject: undefined, person: person('subject:undefined') },
    ],
  ])('%s', (_what, asked) => given(granted()).when(own(asked)).then(denied('session_not_own')));
  it('to whoever has a grant to read it, by that name', () =>
    given(granted())
      .when(disclosure({ grant: ownCopy, subject: subject('sub-1') }))
      .then(denied('session_not_own')));
  it('for no fields', () =>
    given()
      .when(own({ fields: [] }))
      .then(denied('field_not_granted')));
  it.each(noCounts)('of %p records', (records) => given().when(own({ records })).then(denied('records_spent')));
  it.each<[string, LockTarget]>([
    ['everything', { kind: 'all' }],
    ['a field of it', { kind: 'field', field: 'url' }],
    ['them', { kind: 'subject', subject: subject('sub-1') }],
    ['who they are as a person', { kind: 'person', person: person('subject:sub-1') }],
  ])('while %s is locked', (_what, target) => given(locked(target)).when(own()).then(denied('locked')));
  it('after their erasure, with the tombstone', () => {
    const decision = decide(after(erased('sub-1')), own());
    expect(decision).toMatchObject({ verdict: 'deny', rules: ['subject_erased'], erasedAt: 0 });
  });
});

describe('a copy is allowed', () => {
  it('to the subject, without a grant, a budget or an end', () =>
    given()
      .when(own({ records: 10_000_000, fields: [...fieldNames], at: 8_640_000_000_000_000 }))
      .then(allowed));
  it('of every time, and of no records too', () =>
    expect(decide(after(), own({ records: 0 }))).toEqual({ verdict: 'allow', subject: 'sub-1', ...anyTime }));
  it('while another subject is locked, another field, or another person', () =>
    given(
      locked({ kind: 'subject', subject: subject('sub-2') }, 1),
      locked({ kind: 'field', field: 'typed' }, 2),
      locked({ kind: 'person', person: person('researcher') }, 3),
    )
      .when(own())
      .then(allowed));
});

describe('a disclosure is denied', () => {
  it('without a grant', () => given().when(disclosure()).then(denied('grant_unknown')));
  it('on a request that lacks one signature', () =>
    given(requested(), approved('approver1')).when(disclosure()).then(denied('grant_unknown')));
  it('to anybody but the holder of the grant, in the same words as if there were none', () => {
    const asked = disclosure({ person: person('researcher2'), session: session('ses-3'), at: Infinity });
    expect(decide(after(granted()), asked)).toEqual(decide(after(), asked));
  });
  it('to an approver of the grant', () =>
    given(granted())
      .when(disclosure({ person: person('approver1') }))
      .then(denied('grant_unknown')));
  it('after the revocation', () => given(granted(), revoked()).when(disclosure()).then(denied('grant_revoked')));
  it('with no tombstone where nobody is erased', () =>
    expect(decide(after(granted(), revoked()), disclosure())).toStrictEqual({
      verdict: 'deny',
      rules: ['grant_revoked'],
    }));
  it('under a policy that came later and gives less, though as many must sign', () => {
    const most = (records: number) =>
      policyChanged(({ classes }) => {
        for (const of of Object.values(classes)) of.mostRecords = records;
      });
    given(granted({ records: 100 }), most(99))
      .when(disclosure())
      .then(denied('policy_forbids'));
    given(granted({ records: 100 }), most(100))
      .when(disclosure())
      .then(allowed);
  });
  it('at the very millisecond at which the grant expires', () =>
    given(granted({ durationSeconds: 60 }))
      .when(disclosure({ at: start + 60_000 }))
      .then(denied('grant_expired')));
  it('at a time that is no number', () =>
    given(granted())
      .when(disclosure({ at: NaN }))
      .then(denied('grant_expired')));
  it('of another session of the same subject', () =>
    given(granted({ sessions: [{ session: session('ses-1'), subject: subject('sub-1') }] }))
      .when(disclosure({ session: session('ses-2') }))
      .then(denied('session_not_granted')));
  it('if the session is not of the subject that the scope names', () =>
    given(granted())
      .when(disclosure({ subject: subject('sub-2') }))
      .then(denied('session_not_granted')));
  it('for all its fields, if one of them was not granted', () =>
    given(granted({ fields: ['url'] }))
      .when(disclosure({ fields: ['url', 'screen'] }))
      .then(denied('field_not_granted')));
  it('for no fields', () =>
    given(granted())
      .when(disclosure({ fields: [] }))
      .then(denied('field_not_granted')));
  it('one record past the budget', () =>
    given(granted({ records: 100 }), disclosed({ records: 60 }))
      .when(disclosure({ records: 41 }))
      .then(denied('records_spent')));
  it.each(noCounts)('of %p records', (records) =>
    given(granted()).when(disclosure({ records })).then(denied('records_spent')),
  );
  it('one disclosure past the budget', () =>
    given(granted({ disclosures: 2 }), disclosed(), disclosed())
      .when(disclosure())
      .then(denied('disclosures_spent')));
  it('of an erased subject, with the tombstone', () =>
    given(granted(), erased('sub-1'))
      .when(disclosure())
      .then((decision) => expect(decision).toEqual({ verdict: 'deny', rules: ['subject_erased'], erasedAt: 3 })));
  it('by every rule that it breaks', () =>
    given(
      granted({ records: 5, disclosures: 1, durationSeconds: 60 }),
      revoked(),
      erased('sub-1'),
      disclosed({ records: 9 }),
    )
      .when(disclosure({ fields: ['screen'], at: start + 60_000 }))
      .then(
        denied(
          'grant_revoked',
          'grant_expired',
          'records_spent',
          'disclosures_spent',
          'subject_erased',
          'field_not_granted',
        ),
      ));
  it('on a request that was rejected before its last signature', () =>
    given(requested(), approved('approver1'), rejected(), approved('approver2'))
      .when(disclosure())
      .then(denied('grant_unknown')));
});

describe('a disclosure is allowed', () => {
  it('under a grant in force, for the times that it names', () =>
    expect(decide(after(granted()), disclosure())).toEqual({
      verdict: 'allow',
      subject: 'sub-1',
      from: 1000,
      to: 2000,
    }));
  it('of no records', () =>
    given(granted())
      .when(disclosure({ records: 0 }))
      .then(allowed));
  it('in the last millisecond of the grant', () =>
    given(granted({ durationSeconds: 60 }))
      .when(disclosure({ at: start + 59_999 }))
      .then(allowed));
  it('for the duration from the last signature on, not from the request', () =>
    given(requested({ durationSeconds: 60 }), later(90_000), approved('approver1'), approved('approver2'))
      .when(disclosure({ at: start + 149_999 }))
      .then(allowed));
  it('up to the last record of the budget', () =>
    given(granted({ records: 100 }), disclosed({ records: 60 }))
      .when(disclosure({ records: 40 }))
      .then(allowed));
  it('up to the last disclosure of the budget', () =>
    given(granted({ disclosures: 2 }), disclosed())
      .when(disclosure())
      .then(allowed));
  it('if another subject of the grant is erased', () =>
    given(granted(), erased('sub-2')).when(disclosure()).then(allowed));
  it('if another grant is revoked or spent', () =>
    given(granted(), granted({ n: 1 }), revoked(1), disclosed({ n: 1, records: 100 }))
      .when(disclosure())
      .then(allowed));
  it('under a grant that a rejection comes too late for', () =>
    given(granted(), rejected()).when(disclosure()).then(allowed));
});

describe('what one officer opened alone', () => {
  const few = { durationSeconds: 900, records: 200, disclosures: 2 };
  const decided = (more: Parameters<typeof granted>[0]) =>
    decide(alone(after(granted({ ...few, ...more }))), disclosure());
  it('is allowed within the limits of that, with no other signature', () => allowed(decided({})));
  it.each([
    ['for a second more', { durationSeconds: 901 }],
    ['with one record more', { records: 201 }],
    ['with one disclosure more', { disclosures: 3 }],
    ['of two subjects', { sessions }],
    ['with a field that is strict', { fields: ['url', 'other'] as const }],
  ])('is denied %s, though a quorum could grant it', (_what, more) => {
    denied('policy_forbids')(decided(more));
    given(granted({ ...few, ...more }))
      .when(disclosure())
      .then(allowed);
  });
});

describe('the state', () => {
  it('before a disclosure is what it was, after it too', () => {
    const before = after(granted({ records: 100 }));
    const [one] = after(granted(), disclosed()).grants.values();
    expect(before.grants.get(grantId(0))?.recordsLeft).toBe(100);
    expect(one?.recordsLeft).toBe(99);
  });
  it('is not changed by entries that govern something else', () => {
    const before = after(granted());
    const consent = after(granted(), entry('consent.changed', { consent: 'refused' }, { subject: subject('sub-1') }));
    expect(consent.grants.size).toBe(before.grants.size);
    expect(decide(consent, disclosure()).verdict).toBe('allow');
  });
});
