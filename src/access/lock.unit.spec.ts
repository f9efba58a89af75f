import type { LockTarget } from '../log/entries.js';
import {
  after,
  allowed,
  denied,
  disclosure,
  enrolKeys,
  entry,
  given,
  granted,
  grantId,
  locked,
  lockId,
  person,
  session,
  subject,
} from './given.spec.js';

beforeAll(enrolKeys);

const target = {
  all: { kind: 'all' },
  field: { kind: 'field', field: 'url' },
  subject: { kind: 'subject', subject: subject('sub-1') },
  person: { kind: 'person', person: person('researcher') },
  grant: { kind: 'grant', grant: grantId(0) },
} as const satisfies Record<LockTarget['kind'], LockTarget>;

describe('a disclosure under a grant in force is denied above a lock', () => {
  it.each(Object.values(target))('of %j', (one) =>
    given(granted(), locked(one)).when(disclosure()).then(denied('locked')),
  );
  it('for all its fields, if one of them is locked', () =>
    given(granted(), locked(target.field))
      .when(disclosure({ fields: ['typed', 'url'] }))
      .then(denied('locked')));
  it('about the subject of the scope, and about the subject that the log names', () => {
    const other = { kind: 'subject', subject: subject('sub-2') } as const;
    const asked = disclosure({ subject: subject('sub-2') });
    given(granted(), locked(other)).when(asked).then(denied('locked', 'session_not_granted'));
  });
  it('that was there before its grant', () =>
    given(locked(target.person), granted()).when(disclosure()).then(denied('locked')));
  it('whose target cannot be read: it locks everything', () => {
    const unreadable = entry('lock.set', { lock: lockId(), target: { kind: 'planet' } as never, reason: 'x' });
    given(granted(), unreadable).when(disclosure()).then(denied('locked'));
  });
});

describe('a lock does not stop', () => {
  it.each([
    [{ kind: 'field', field: 'typed' }],
    [{ kind: 'subject', subject: subject('sub-2') }],
    [{ kind: 'person', person: person('researcher2') }],
    [{ kind: 'grant', grant: grantId(1) }],
  ] as [LockTarget][])('what it does not cover: %j', (one) =>
    given(granted(), locked(one))
      .when(disclosure({ session: session('ses-1'), fields: ['url'] }))
      .then(allowed),
  );
});

it('two locks of one id are both in force', () => {
  const state = after(locked(target.person), locked(target.grant));
  expect([...state.locks.values()]).toMatchObject([
    { lock: lockId(), target: target.person, position: 0, by: 'officer1' },
    { lock: lockId(), target: target.grant, position: 1 },
  ]);
});
