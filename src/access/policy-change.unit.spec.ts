import { builtInPolicy } from './built-in-policy.js';
import { checkApproval } from './check-approval.js';
import { statusOf } from './access-state.js';
import { policyChanged, policyWith, under, type Change } from './given-policy.spec.js';
import {
  after,
  approved,
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
