import { classes as classNames } from '../log/fields.js';
import { authoritySlice } from '../identity/evolve-authority.js';
import { Governance } from '../log/governance.js';
import { auditEntry } from './audit-entry.js';
import { builtInPolicy } from './built-in-policy.js';
import { accessSlice } from './evolve.js';
import { checkApproval } from './check-approval.js';
import { statusOf } from './access-state.js';
import { policyChanged, policyWith, under, type Change } from './given-policy.spec.js';
import {
  after,
  allowed,
  approved,
  authorityOf,
  denied,
  disclosure,
  enrolKeys,
  entry,
  envelopeBy,
  given,
  granted,
  later,
  lockId,
  requested,
  requestId,
  rejected,
  start,
  stateOf,
  tell,
  type Step,
} from './given.spec.js';
import { toHex } from './hex.js';
import { policyHash } from './policy.js';

beforeAll(enrolKeys);

const stricter: Change = ({ classes }) => (classes.sensitive.quorum = classes.private.quorum = 3);
const raised: Change = ({ fields, breakGlass }) => {
  fields.url = 'strict';
  breakGlass.fields = ['kind'];
};
const inForce = (...steps: Step[]) => after(...steps).policy.version;

describe('a policy does not come into force', () => {
  it.each<[string, Step]>([
    ['signed by one officer', policyChanged(stricter, { by: ['officer1'] })],
    ['signed by one officer twice', policyChanged(stricter, { by: ['officer1', 'officer1'] })],
    ['that is below a floor', policyChanged(({ classes: { strict } }) => (strict.quorum = 1))],
    ['that replaces another one', policyChanged(stricter, { forged: { replaces: '0'.repeat(64) } })],
    ['whose version is not the next one', policyChanged((policy) => (policy.version = 3))],
    ['whose version is the same', policyChanged((policy) => (policy.version = 1))],
    ['that is no policy', policyChanged(stricter, { forged: { policy: { ...builtInPolicy, also: 1 } as never } })],
    ['without a reason', policyChanged(stricter, { forged: { reason: '' } })],
  ])('%s', (_what, change) => expect(inForce(change)).toBe(1));

  it('twice: of two that replace one policy, the first', () => {
    const state = after(policyChanged(stricter), under(builtInPolicy), policyChanged(({ classes: { basic } }) => (basic.mostRecords = 2_000_000))); // prettier-ignore
    expect(state.policy).toMatchObject({ version: 2, classes: { basic: { mostRecords: 10_000_000 } } });
  });
});

describe('verify', () => {
  const checks = (change: Change) => {
    let state = Governance.empty([authoritySlice(authorityOf()), accessSlice(authorityOf(), builtInPolicy)]);
    return tell(policyChanged(change)).entries.map((one) => {
      const before = state;
      state = state.evolve(one);
      return auditEntry(before, one, state);
    });
  };
  it('names the signature that would have put a policy in force which may not stand', () => {
    expect(checks(({ classes }) => (classes.strict.quorum = 1))).toEqual([undefined, undefined, 'act_invalid']);
    expect(checks(stricter)).toEqual([undefined, undefined, undefined]);
  });
});

describe('a policy in force', () => {
  it('is the one that a quorum of officers signed, from their last signature on', () => {
    const state = after(policyChanged(stricter));
    const policy = policyWith((next) => {
      next.version = 2;
      stricter(next);
    });
    expect(state).toMatchObject({ policy, policyHash: toHex(policyHash(policy)), policySince: 2 });
  });
  it('is replaced by the next one', () =>
    expect(
      inForce(
        policyChanged(stricter),
        policyChanged(() => 0),
      ),
    ).toBe(3));
  it('decides how many sign what is asked from then on', () =>
    expect(after(policyChanged(stricter), requested()).requests.get(requestId(0))?.needed).toBe(3));
  it('gives the fields their classes: one that it does not name is strict', () => {
    const unnamed: Change = (policy) => {
      delete policy.fields.url;
      policy.breakGlass.fields = policy.breakGlass.fields.filter((field) => field !== 'url');
    };
    const state = after(policyChanged(unnamed), requested({ fields: ['url'] }));
    expect(state.requests.get(requestId(0))).toMatchObject({ needed: 3, preview: { classes: ['strict'] } });
  });
  it('is not disturbed by other entries', () =>
    expect(inForce(policyChanged(stricter), entry('grant.revoked', { grant: lockId() as never, reason: 'x' }))).toBe(
      2,
    ));
});

describe('what was asked under another policy', () => {
  const lapsed = [requested(), approved('approver1'), policyChanged(() => 0)];
  it('lapses, and nobody can sign it, be it over the one policy or the other', () => {
    for (const steps of [lapsed, [...lapsed, under(builtInPolicy)]]) {
      const told = tell(...steps);
      const state = stateOf(told);
      const envelope = envelopeBy(told, 'approver2');
      const checked = checkApproval(state, { envelope, request: requestId(0), at: told.at, size: told.entries.length });
      expect(checked).toEqual({ kind: 'refused', rules: ['policy_changed', 'request_not_open'] });
    }
    given(...lapsed, approved('approver2'))
      .when(disclosure())
      .then(denied('grant_unknown'));
  });
  it.each<[string, number, Step[]]>([
    ['lapsed', start, lapsed],
    ['expired', start + 7 * 24 * 3_600_000, lapsed],
    ['rejected', start, [requested(), rejected(), policyChanged(() => 0)]],
    ['granted', start, [granted(), policyChanged(() => 0)]],
    ['open', start, [policyChanged(() => 0), requested()]],
  ])('is %s', (expected, at, steps) => {
    const state = after(...steps, later(1));
    const request = state.requests.get(requestId(0));
    expect(request && statusOf(state, request, at)).toBe(expected);
  });
});

describe('a grant under an earlier policy opens nothing', () => {
  const denies = (change: Change, ...rules: string[]) =>
    given(granted(), policyChanged(change))
      .when(disclosure())
      .then(denied(...rules));
  it.each<[string, Change]>([
    ['more people must sign now', stricter],
    ['it lasts too long now', ({ classes }) => classNames.forEach((name) => (classes[name].longestSeconds = 3599))],
    ['it takes too many records now', ({ classes }) => classNames.forEach((name) => (classes[name].mostRecords = 99))],
    ['it is about too many sessions now', ({ classes }) => classNames.forEach((name) => (classes[name].mostSessions = 1))],
    ['a field of it is strict now', raised],
    ['a field of it is no longer named', ({ fields, breakGlass }) => (delete fields.url, (breakGlass.fields = ['kind']))],
  ])('if %s', (_what, change) => denies(change, 'policy_forbids')); // prettier-ignore
  it('even a field whose own class is as it was', () =>
    given(granted(), policyChanged(raised))
      .when(disclosure({ fields: ['typed'] }))
      .then(denied('policy_forbids')));
});

describe('a grant under an earlier policy opens what it did', () => {
  it.each<[string, Step[]]>([
    ['if the policy would still give it', [policyChanged(({ classes }) => (classes.strict.quorum = 5))]],
    ['at the last second and record that the policy gives', [policyChanged(({ classes }) => classNames.forEach((name) => Object.assign(classes[name], { longestSeconds: 3600, mostRecords: 100, mostSessions: 2, mostSubjects: 1 })))]],
    ['if a later policy would give it again', [policyChanged(stricter), policyChanged(({ classes }) => (classes.sensitive.quorum = classes.private.quorum = 2))]],
  ])('%s', (_what, steps) => given(granted(), ...steps).when(disclosure()).then(allowed)); // prettier-ignore
});
