import fc from 'fast-check';
import type { LockTarget } from '../log/entries.js';
import { fieldNames } from '../log/fields.js';
import type { Grant } from './access-state.js';
import { decide } from './decide.js';
import { policyChanged } from './given-policy.spec.js';
import {
  after,
  alone,
  disclosed,
  enrolKeys,
  erased,
  granted,
  grantId,
  later,
  locked,
  person,
  requested,
  revoked,
  session,
  sessions,
  start,
  subject,
  tell,
  stateOf,
  type Step,
} from './given.spec.js';
import { reach, reachOf } from './reach.js';

beforeAll(enrolKeys);

const day = 24 * 3600 * 1000;
const nobody: Step[][] = [
  [],
  [requested()],
  [granted(), revoked()],
  [granted(), later(3_600_000)],
  [granted({ records: 5 }), disclosed({ records: 5 })],
  [granted({ disclosures: 1 }), disclosed()],
  [granted(), erased('sub-1')],
  [granted(), locked()],
  [granted(), policyChanged(({ classes }) => (classes.sensitive.quorum = classes.private.quorum = 3))],
];

describe('nobody reaches anything', () => {
  it.each(nobody.map((steps, index) => [index, steps] as const))('after history %i', (_index, steps) => {
    const told = tell(...steps);
    expect(reach(stateOf(told), told.at)).toEqual([]);
  });
});

describe('reach', () => {
  it('names person, subject, session, field, grant and end, in order', () =>
    expect(reach(after(granted({ sessions: sessions.slice(1), fields: ['url'] })), start)).toStrictEqual([
      row('sub-1', 'ses-2'),
      row('sub-2', 'ses-3'),
    ]));
  it('has grants in the order in which they came into force, however many', () => {
    const numbers = [9, 4, 7, 2, 0, 8, 3, 6, 1, 5];
    const steps = numbers.map((n) => granted({ n, sessions: sessions.slice(0, 1), fields: ['url'] }));
    expect(reach(after(...steps), start).map(({ grant }) => grant)).toEqual(numbers.map(grantId));
  });
  it('says what one officer opened alone', () => {
    const few = { durationSeconds: 900, disclosures: 2, sessions: sessions.slice(1, 2), fields: ['url' as const] };
    const broken = { ...row('sub-1', 'ses-2'), until: start + 900_000, isBreakGlass: true };
    expect(reach(alone(after(granted(few))), start)).toEqual([broken]);
  });
  it('can be asked for a person, a subject or a field', () => {
    const state = after(granted({ sessions }), granted({ n: 1, by: 'researcher2', sessions, fields: ['kind'] }));
    expect(reach(state, start)).toHaveLength(9);
    expect(reach(state, start, { person: person('researcher2') })).toHaveLength(3);
    expect(reach(state, start, { subject: subject('sub-2') })).toHaveLength(3);
    expect(reach(state, start, { field: 'url' })).toHaveLength(3);
    expect(reach(state, start, { field: 'url', subject: subject('sub-2') })).toHaveLength(1);
    expect(reach(state, start, { person: person('approver1') })).toEqual([]);
    expect(reach(state, start, { field: 'screen' })).toEqual([]);
  });

  it('is without what is locked, and with the rest of the grant', () => {
    const open = (target: LockTarget) =>
      reach(after(granted({ sessions: sessions.slice(1) }), locked(target)), start).map((one) => `${one.session} ${one.field}`); // prettier-ignore
    expect(open({ kind: 'field', field: 'url' })).toEqual(['ses-2 typed', 'ses-3 typed']);
    expect(open({ kind: 'subject', subject: subject('sub-2') })).toEqual(['ses-2 typed', 'ses-2 url']);
    expect(open({ kind: 'grant', grant: grantId(0) })).toEqual([]);
  });

  it.each<[string, LockTarget[]]>([
    ['each of its sessions', [{ kind: 'subject', subject: subject('sub-1') }]],
    ['each of its fields', [{ kind: 'field', field: 'url' }, { kind: 'field', field: 'typed' }]], // prettier-ignore
  ])('of a grant is none at all while %s is locked', (_what, targets) => {
    const state = after(granted(), ...targets.map((target, n) => locked(target, n)));
    const grant = state.grants.get(grantId(0)) as Grant;
    expect(reachOf(state, grant, start)).toBeUndefined();
  });

  const row = (of: string, one: string) => ({
    person: 'researcher',
    subject: of,
    session: one,
    field: 'url',
    grant: grantId(0),
    until: start + 3_600_000,
  });

  const slot = fc.nat({ max: 3 });
  const grants = fc
    .record({
      n: slot,
      by: fc.constantFrom('researcher', 'researcher2'),
      fields: fc.subarray(fieldNames, { minLength: 1, maxLength: 4 }),
      sessions: fc.subarray([...sessions], { minLength: 1 }),
      records: fc.integer({ min: 1, max: 3 }),
      disclosures: fc.integer({ min: 1, max: 3 }),
      durationSeconds: fc.integer({ min: 1, max: 3 }),
    })
    .map(granted);
  const locks = fc.constantFrom<LockTarget>(
    { kind: 'all' },
    { kind: 'field', field: 'url' },
    { kind: 'subject', subject: subject('sub-2') },
    { kind: 'person', person: person('researcher2') },
    { kind: 'grant', grant: grantId(1) },
  );
  const quorums = fc.constantFrom(2, 3).map((quorum) => policyChanged(({ classes }) => Object.values(classes).forEach((of) => (of.quorum = quorum)))); // prettier-ignore
  const steps = fc.oneof(
    locks.map((target) => locked(target)),
    quorums,
    { weight: 3, arbitrary: grants },
    slot.map((n) => revoked(n)),
    fc.record({ n: slot, records: fc.nat({ max: 3 }) }).map(disclosed),
    fc.constantFrom('sub-1', 'sub-2').map(erased),
    fc.nat({ max: 2000 }).map(later),
  );

  it('is exactly what decide allows, over every person, grant, session and field', () =>
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 8 }), fc.nat({ max: 2000 }), (list, ms) => {
        const told = tell(...list);
        const state = stateOf(told);
        const at = told.at + ms;
        const tries = ['researcher', 'researcher2', 'approver1', 'nobody'].flatMap((who) =>
          [0, 1, 2, 3, 4].flatMap((n) =>
            ['ses-1', 'ses-2', 'ses-3', 'ses-4'].flatMap((one) =>
              fieldNames.map((field) => ({ grant: grantId(n), person: person(who), session: session(one), field })),
            ),
          ),
        );
        const could = tries.filter(
          ({ field, ...asked }) => decide(state, { ...asked, fields: [field], records: 1, at }).verdict === 'allow',
        );
        const key = (one: (typeof tries)[number]) => `${one.grant} ${one.person} ${one.session} ${one.field}`;
        expect(reach(state, at).map(key).sort()).toEqual(could.map(key).sort());
      }),
      { numRuns: 60 },
    ));
  it('is empty long after', () => expect(reach(after(granted({ sessions })), start + day)).toEqual([]));
});
