import fc from 'fast-check';
import type { LockTarget } from '../log/entries.js';
import { fieldNames, type FieldName } from '../log/fields.js';
import type { Exceeded } from '../problem.js';
import type { AccessState } from './access-state.js';
import { decide } from './decide.js';
import { changed, policyChanged, type Change } from './given-policy.spec.js';
import {
  after,
  approved,
  disclosed,
  enrolKeys,
  erased,
  granted,
  grantId,
  later,
  locked,
  person,
  requested,
  requestId,
  revoked,
  scopeOf,
  session,
  sessions,
  start,
  stateOf,
  subject,
  tell,
  type Step,
} from './given.spec.js';
import { grantOn, withGrant } from './grant.js';
import { classIn, previewOf } from './policy.js';
import { effectOfGrant, effectOfPolicy, type ReachChange, type ReachEffect } from './reach-effect.js';
import { effectOfRequest, exceedsReach, isPlainlyWithin } from './reach-guard.js';

beforeAll(enrolKeys);

const people = ['researcher', 'researcher2', 'researcher3'];
const holders = people.map(person);
const subjects = ['sub-1', 'sub-2'].map(subject);

/** Person, subject and field, and until when: by asking `decide` for every grant, session and field that there is. */
function reachByHand(state: AccessState, at: number): Map<string, number> {
  const found = new Map<string, number>();
  for (const { id: grant, expiresAt, scope } of state.grants.values()) {
    for (const who of holders) {
      for (const { session: one, subject: of } of scope.sessions) {
        for (const field of fieldNames) {
          const asked = { grant, person: who, session: one, fields: [field], records: 1, at };
          const key = `${who} ${of} ${field}`;
          if (decide(state, asked).verdict === 'allow') found.set(key, Math.max(found.get(key) ?? 0, expiresAt));
        }
      }
    }
  }
  return found;
}

/** The definition, word for word and without any thought of speed. */
function effectByHand(before: AccessState, after: AccessState, at: number) {
  const [then, now] = [reachByHand(before, at), reachByHand(after, at)];
  const changes = [...new Set([...then.keys(), ...now.keys()])].flatMap((key) => {
    const [one, other] = [then.get(key) ?? null, now.get(key) ?? null];
    return one === other ? [] : [{ key, before: one, after: other }];
  });
  const gained = changes.filter((one) => (one.after ?? 0) > (one.before ?? 0)).map(({ key }) => key.split(' '));
  const exceeded: Exceeded[] = [];
  const above = (ceiling: Exceeded['ceiling'], of: string, limit: number, counts: number[]) => {
    const most = Math.max(0, ...counts);
    if (most > limit) exceeded.push({ ceiling, of, limit, found: most });
  };
  for (const field of fieldNames) {
    const of = gained.filter(([, , name]) => name === field);
    const counts = of.map(([, about]) => people.filter((who) => now.has(`${who} ${about} ${field}`)).length);
    const limits = [before.policy, after.policy].map(
      (policy) => policy.classes[classIn(policy, field)].mostPersonsAtOnce,
    );
    above('mostPersonsAtOnce', field, Math.min(...limits), counts);
  }
  for (const name of ['basic', 'sensitive', 'private', 'strict'] as const) {
    const inClass = (field: string) => classIn(after.policy, field as FieldName) === name;
    const of = gained.filter(([, , field]) => inClass(field ?? ''));
    const counts = of.map(([who]) => subjects.filter((one) => fieldNames.some((field) => inClass(field) && now.has(`${who} ${one} ${field}`))).length); // prettier-ignore
    const limits = [before.policy, after.policy].map((policy) => policy.classes[name].mostSubjectsAtOnce);
    above('mostSubjectsAtOnce', name, Math.min(...limits), counts);
  }
  return { changes: sorted(changes), exceeded: sorted(exceeded) };
}

const sorted = (list: readonly object[]) => list.map((one) => JSON.stringify(one)).sort();
const rows = (changes: readonly ReachChange[]) =>
  changes.flatMap(({ person: who, subjects: about, fields, before, after }) =>
    about.flatMap((one) => fields.map((field) => ({ key: `${who} ${one} ${field}`, before, after }))),
  );
const asRows = ({ gains, losses, exceeded }: ReachEffect) => ({
  changes: sorted(rows([...gains, ...losses])),
  exceeded: sorted(exceeded.map(({ ceiling, of, limit, found }) => ({ ceiling, of, limit, found }))),
});
const unlocked = (state: AccessState) => ({ ...state, locks: state.locks.clear() });

const slot = fc.nat({ max: 5 });
const options = fc.record({
  n: slot,
  by: fc.constantFrom(...people),
  fields: fc.subarray(['kind', 'url', 'typed', 'other'] as const, { minLength: 1 }),
  sessions: fc.subarray([...sessions], { minLength: 1 }),
  records: fc.integer({ min: 1, max: 3 }),
  disclosures: fc.integer({ min: 1, max: 3 }),
  durationSeconds: fc.integer({ min: 1, max: 3 }),
});
/** Ceilings that a few grants reach, and classes that move. */
const changeUpTo = (most: { persons: number; ofSubjects: number }): fc.Arbitrary<Change> =>
  fc
    .record({
      persons: fc.nat({ max: most.persons }),
      ofSubjects: fc.nat({ max: most.ofSubjects }),
      fewerStrict: fc.nat({ max: 2 }),
      quorum: fc.integer({ min: 2, max: 3 }),
      longest: fc.integer({ min: 1, max: 3 }),
      url: fc.constantFrom('basic', 'sensitive', 'private', undefined),
    })
    .map(({ persons, ofSubjects, fewerStrict, quorum, longest, url }) => (policy) => {
      const release = { mostPersonsAtOnce: persons, mostSubjectsAtOnce: ofSubjects, longestSeconds: longest };
      for (const of of Object.values(policy.classes)) Object.assign(of, release, { quorum });
      policy.classes.strict.mostPersonsAtOnce = Math.max(0, persons - fewerStrict);
      policy.classes.strict.mostSubjectsAtOnce = Math.max(0, ofSubjects - fewerStrict);
      policy.breakGlass.fields = ['kind'];
      if (url === undefined) delete policy.fields.url;
      else policy.fields.url = url;
    });
const change = changeUpTo({ persons: 3, ofSubjects: 2 });
/** Whatever a policy change came to, what follows is asked under the policy in force. */
const settled =
  (how: Change): Step =>
  (told) => {
    const next = policyChanged(how, { by: ['officer1', 'officer2', 'officer3'], forged: { beyondCeilings: true } })(
      told,
    );
    return { ...next, policy: stateOf(next).policy };
  };
const lockTargets = fc.constantFrom<LockTarget>({ kind: 'all' }, { kind: 'field', field: 'url' }, { kind: 'subject', subject: subject('sub-2') }); // prettier-ignore
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: options.map(granted) },
  { weight: 2, arbitrary: change.map(settled) },
  slot.map((n) => revoked(n)),
  fc.record({ n: slot, records: fc.nat({ max: 3 }) }).map(disclosed),
  lockTargets.map((target) => locked(target)),
  fc.constantFrom('sub-1', 'sub-2').map(erased),
  fc.nat({ max: 1500 }).map(later),
);
const histories = fc.array(step, { maxLength: 9 });

/** That all of a property was met, and not only its empty case. */
const seen = { gains: 0, losses: 0, exceeded: 0 };
function same(effect: ReachEffect, before: AccessState, after: AccessState, at: number): void {
  seen.gains += effect.gains.length;
  seen.losses += effect.losses.length;
  seen.exceeded += effect.exceeded.length;
  expect(asRows(effect)).toEqual(effectByHand(unlocked(before), unlocked(after), at));
}

describe('the effect on reach is exactly what decide comes to, before and after, over everything that there is', () => {
  beforeEach(() => Object.assign(seen, { gains: 0, losses: 0, exceeded: 0 }));

  it('of a grant', () => {
    fc.assert(
      fc.property(histories, options, (steps, asked) => {
        const told = tell(...steps);
        const state = stateOf(told);
        const request = { id: requestId(9), requester: person(asked.by), scope: scopeOf(asked) };
        const grant = grantOn(request, { position: told.entries.length as never, at: told.at, signers: 4 });
        same(effectOfGrant(state, grant), state, withGrant(state, grant), told.at);
      }),
      { numRuns: 120 },
    );
    expect(Math.min(seen.gains, seen.exceeded)).toBeGreaterThan(0);
    expect(seen.losses).toBe(0);
  });

  it('of a policy', () => {
    fc.assert(
      fc.property(histories, change, (steps, how) => {
        const told = tell(...steps);
        const state = stateOf(told);
        const policy = changed(state.policy, how);
        same(effectOfPolicy(state, policy, told.at), state, { ...state, policy }, told.at);
      }),
      { numRuns: 400 },
    );
    expect(seen.losses).toBeGreaterThan(0);
  });

  it('of a policy that gives back what the one before it took', () => {
    fc.assert(
      fc.property(histories, change, change, (steps, take, give) => {
        const told = tell(...steps);
        const { policy } = stateOf(told);
        const state = { ...stateOf(told), policy: changed(policy, take) };
        const back = changed(policy, give);
        same(effectOfPolicy(state, back, told.at), state, { ...state, policy: back }, told.at);
      }),
      { numRuns: 400 },
    );
    expect(Math.min(seen.gains, seen.exceeded)).toBeGreaterThan(0);
  });
});

describe('whether a request goes above a ceiling', () => {
  it('is whether anything is exceeded, also where that is plain to see', () => {
    const roomy = changeUpTo({ persons: 6, ofSubjects: 5 });
    const met = { plainlyWithin: 0, within: 0, above: 0 };
    fc.assert(
      fc.property(roomy, histories, options, (how, steps, asked) => {
        const { at, ...told } = tell(settled(how), ...steps);
        const [state, scope] = [stateOf(told), scopeOf(asked)];
        const preview = previewOf(state.policy, scope, 7);
        const request = { id: requestId(9), requester: person(asked.by), scope, preview };
        const above = effectOfRequest(state, request, at).exceeded.length > 0;
        const isPlain = isPlainlyWithin(state, request);
        const longest = Math.max(0, ...[...state.about.values()].map(({ length }) => length));
        expect(longest).toBeLessThanOrEqual(state.mostAbout);
        expect(isPlain && above).toBe(false);
        expect(exceedsReach(state, request, at)).toBe(above);
        met[isPlain ? 'plainlyWithin' : above ? 'above' : 'within'] += 1;
      }),
      { numRuns: 300 },
    );
    expect(Math.min(...Object.values(met))).toBeGreaterThan(10);
  });
});

describe('a grant above a reach ceiling', () => {
  const one: Change = ({ classes }) => Object.values(classes).forEach((of) => (of.mostPersonsAtOnce = 1));
  const asked = (n: number, by: string) => requested({ n, by });
  const signed = (n: number, ...keys: ('approver1' | 'approver2' | 'approver3')[]) => keys.map((key) => approved(key, { n })); // prettier-ignore
  const first = [policyChanged(one), asked(0, 'researcher'), ...signed(0, 'approver1', 'approver2')];
  const inForce = (...steps: Step[]) => [...after(...steps).grants.keys()].sort();

  it('takes more people, and is in force once they have signed', () => {
    const second = [...first, asked(1, 'researcher2'), ...signed(1, 'approver1', 'approver2')];
    expect(after(...second).requests.get(requestId(1))).toMatchObject({ needed: 3, approvals: { size: 2 } });
    expect(inForce(...second)).toEqual([grantId(0)]);
    expect(inForce(...second, ...signed(1, 'approver3'))).toEqual([grantId(0), grantId(1)]);
  });
  it('is one wherever more people than that would reach one subject, however many may', () => {
    const two = policyChanged(({ classes }) => Object.values(classes).forEach((of) => (of.mostPersonsAtOnce = 2)));
    const both = [two, granted({ n: 0, by: 'researcher' }), granted({ n: 1, by: 'researcher2' })];
    const third = (by: string) => after(...both, requested({ n: 2, by })).requests.get(requestId(2))?.needed;
    expect([third('researcher2'), third('researcher3')]).toEqual([2, 3]);
  });
  it('is not put in force by the last of the usual signatures, if that is what brings it above', () => {
    const both = [policyChanged(one), asked(0, 'researcher'), asked(1, 'researcher2')];
    const last = [...both, ...signed(0, 'approver1', 'approver2'), ...signed(1, 'approver1', 'approver2')];
    expect(inForce(...last)).toEqual([grantId(0)]);
    expect(after(...last).requests.get(requestId(1))).toMatchObject({ needed: 2, approvals: { size: 1 } });
    const freed = [...both, ...signed(0, 'approver1', 'approver2'), ...signed(1, 'approver1'), revoked(0), ...signed(1, 'approver2')]; // prettier-ignore
    expect(inForce(...freed)).toEqual([grantId(0), grantId(1)]);
  });
  it.each<[string, Step[]]>([
    ['of the same person', [asked(1, 'researcher')]],
    ['after the first has ended', [later(3_600_000), asked(1, 'researcher2')]],
    ['after the first was revoked', [revoked(0), asked(1, 'researcher2')]],
    ['after the first is spent', [disclosed({ records: 100 }), asked(1, 'researcher2')]],
    ['about another subject', [requested({ n: 1, by: 'researcher2', sessions: sessions.slice(2) })]],
  ])('is none %s', (_what, steps) => expect(inForce(...first, ...steps, ...signed(1, 'approver1', 'approver2'))).toHaveLength(2)); // prettier-ignore
  it('is one behind a lock as well: lifting it asks nobody how far that reaches', () =>
    expect(after(...first, locked(), asked(1, 'researcher2')).requests.get(requestId(1))?.needed).toBe(3));
  it('counts the subjects of a person, class by class', () => {
    const few = policyChanged(({ classes }) => Object.values(classes).forEach((of) => (of.mostSubjectsAtOnce = 1)));
    const second = (fields: FieldName[]) => requested({ n: 1, fields, sessions: sessions.slice(2) });
    const neededFor = (fields: FieldName[]) => after(few, granted({ fields: ['url'] }), second(fields)).requests.get(requestId(1))?.needed; // prettier-ignore
    expect([neededFor(['url']), neededFor(['window']), neededFor(['typed'])]).toEqual([3, 3, 2]);
  });
});

describe('the effect', () => {
  it('of a longer grant is a gain for as long as it is longer, and of a shorter one nothing', () => {
    const state = after(granted({ fields: ['url'], durationSeconds: 60 }));
    const of = (durationSeconds: number) =>
      effectOfGrant(state, grantOn({ id: requestId(1), requester: person('researcher'), scope: scopeOf({ fields: ['url'], durationSeconds }) }, { position: 9 as never, at: start, signers: 2 })); // prettier-ignore
    expect(of(60)).toEqual({ gains: [], losses: [], exceeded: [] });
    expect(of(61).gains).toEqual([
      { person: 'researcher', subjects: ['sub-1'], fields: ['url'], before: start + 60_000, after: start + 61_000 },
    ]);
  });
  it('names subjects together that change alike', () => {
    const scope = scopeOf({ fields: ['url', 'kind'], sessions: [...sessions, { session: session('ses-4'), subject: subject('sub-3') }] }); // prettier-ignore
    const grant = grantOn({ id: requestId(1), requester: person('researcher'), scope }, { position: 9 as never, at: start, signers: 2 }); // prettier-ignore
    const { gains } = effectOfGrant(after(granted({ fields: ['url'] })), grant);
    expect(gains.map(({ subjects: about, fields }) => [about, fields])).toEqual([
      [['sub-1'], ['kind']],
      [
        ['sub-2', 'sub-3'],
        ['kind', 'url'],
      ],
    ]);
  });
});
