import fc from 'fast-check';
import type { LockTarget } from '../log/entries.js';
import { fieldNames } from '../log/fields.js';
import { ownCopy } from '../log/ids.js';
import type { AccessState } from './access-state.js';
import { decide, type Disclosure } from './decide.js';
import { deniedByOracle, grantsByOracle, requestsIn, type Oracle } from './decide.oracle.spec.js';
import {
  approved,
  disclosed,
  enrolKeys,
  erased,
  granted,
  grantId,
  keyNames,
  later,
  locked,
  origin,
  person,
  rejected,
  requested,
  requestId,
  revoked,
  session,
  sessions,
  stateOf,
  subject,
  tell,
  trust,
  type KeyName,
  type Step,
} from './given.spec.js';
import { builtInPolicy } from './built-in-policy.js';

beforeAll(enrolKeys);

const oracle = (): Oracle => ({ origin, policy: builtInPolicy, keys: trust.keys });

const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const slot = fc.oneof(often(4, fc.constant(0)), often(1, fc.constant(1)));
const requester = fc.constantFrom('researcher', 'researcher2', 'approver1', 'custos');
const forgedRequest = fc.oneof(
  often(12, fc.constant({})),
  often(
    1,
    fc.constantFrom(
      { scopeHash: new Uint8Array(32) },
      { policyHash: new Uint8Array(32) },
      { expiresAt: 0 },
      { expiresAt: 2 ** 50 },
      { preview: { records: 1, subjects: 1, sessions: 99, classes: [] } },
    ),
  ),
);
const options = fc.record({
  n: slot,
  by: fc.oneof(often(4, fc.constant('researcher')), often(1, requester)),
  fields: fc.subarray(['kind', 'url', 'typed', 'other'] as const, { minLength: 1 }),
  sessions: fc.subarray([...sessions], { minLength: 1 }),
  records: fc.oneof(often(9, fc.integer({ min: 1, max: 40 })), often(1, fc.constant(100_001))),
  disclosures: fc.integer({ min: 1, max: 3 }),
  durationSeconds: fc.integer({ min: 1, max: 20 }),
});
const nonces = fc.constantFrom('aa'.repeat(16), 'bb'.repeat(16));
const forgedStatement = fc.oneof(
  often(12, fc.constant({})),
  often(
    4,
    fc.oneof(
      nonces.map((nonce) => ({ nonce })),
      fc.constantFrom(
        { origin: 'custos.example/other' },
        { approver: person('approver3') },
        { request: requestId(1) },
        { scopeHash: '00'.repeat(32) },
        { policyHash: '00'.repeat(32) },
        { expiresAt: 0 },
        { expiresAt: 2 ** 50 },
        { checkpoint: { size: 10_000, root: '00'.repeat(32) } },
      ),
    ),
  ),
);

const lockTargets = fc.constantFrom<LockTarget>(
  { kind: 'field', field: 'url' },
  { kind: 'subject', subject: subject('sub-2') },
  { kind: 'person', person: person('researcher2') },
  { kind: 'grant', grant: grantId(1) },
  { kind: 'grant', grant: grantId(0) },
  { kind: 'all' },
);
const signer: fc.Arbitrary<KeyName> = fc.constantFrom(...keyNames);
const step: fc.Arbitrary<Step> = fc.oneof(
  often(
    3,
    fc.tuple(options, forgedRequest).map(([asked, forged]) => requested({ ...asked, forged })),
  ),
  often(
    9,
    fc.tuple(signer, slot, forgedStatement).map(([key, n, statement]) => approved(key, { n, statement })),
  ),
  often(
    2,
    options.map((asked) => granted(asked)),
  ),
  often(4, fc.record({ n: slot, records: fc.nat({ max: 25 }) }).map(disclosed)),
  often(
    1,
    slot.map((n) => rejected(n)),
  ),
  often(
    1,
    slot.map((n) => revoked(n)),
  ),
  often(
    1,
    fc.tuple(lockTargets, slot).map(([target, n]) => locked(target, n)),
  ),
  often(1, fc.constantFrom('sub-1', 'sub-2').map(erased)),
  often(2, fc.constantFrom(1, 999, 1000).map(later)),
  often(1, fc.constantFrom(5000, 7 * 24 * 3600 * 1000).map(later)),
);
const anything = fc.array(step, { maxLength: 16 });
/** Half of them begin with an honest grant, or next to nothing would be allowed. */
const histories = fc.oneof(
  anything,
  fc.tuple(options, anything).map(([asked, steps]) => [granted({ ...asked, n: 0, by: 'researcher' }), ...steps]),
);
const what = fc.record({
  session: fc.constantFrom('ses-1', 'ses-2', 'ses-3', 'ses-4').map(session),
  fields: fc.oneof(
    often(
      6,
      fc.constantFrom('kind', 'url', 'typed', 'other').map((field) => [field] as const),
    ),
    often(1, fc.subarray(fieldNames)),
  ),
  records: fc.oneof(often(2, fc.constant(1)), often(1, fc.nat({ max: 41 }))),
  after: fc.constantFrom(0, 0, 0, 1, 999, 1000, 20_000),
});
const underGrant = fc.record({
  grant: fc.constantFrom(grantId(0), grantId(0), grantId(1), grantId(2)),
  person: fc.constantFrom('researcher', 'researcher', 'researcher2', 'approver1').map(person),
});
/** A subject's own copy, also by somebody else, of another subject, or of no session that there is. */
const ofTheirOwn = fc.record({
  grant: fc.constant(ownCopy),
  person: fc.constantFrom('subject:sub-1', 'subject:sub-1', 'subject:sub-2', 'researcher').map(person),
  subject: fc.constantFrom(subject('sub-1'), subject('sub-1'), subject('sub-2'), undefined),
});
const disclosures = fc
  .tuple(fc.oneof(often(3, underGrant), often(1, ofTheirOwn)), what)
  .map(([grounds, asked]) => ({ ...grounds, ...asked }));

/** One record of each session and field of each grant, by its holder: what is allowed if anything is. */
const tame = (state: AccessState, at: number): Disclosure[] =>
  [...state.grants.values()].flatMap(({ id, person: holder, scope }) =>
    scope.sessions.flatMap((one) =>
      scope.fields.map((field) => ({ ...one, grant: id, person: holder, fields: [field], records: 1, at })),
    ),
  );

describe('after any history, honest or forged', () => {
  it('a disclosure is denied by exactly the rules by which the oracle denies it', () => {
    const seen = { allow: 0, deny: 0 };
    fc.assert(
      fc.property(histories, fc.array(disclosures, { minLength: 1, maxLength: 8 }), (steps, list) => {
        const told = tell(...steps);
        const state = stateOf(told);
        const wild = list.map(({ after, ...asked }) => ({ ...asked, at: told.at + after }));
        for (const asked of [...wild, ...tame(state, told.at)]) {
          const decision = decide(state, asked);
          seen[decision.verdict] += 1;
          const rules = decision.verdict === 'allow' ? [] : [...decision.rules].sort();
          expect(rules).toEqual(deniedByOracle(oracle(), told.entries, asked));
        }
      }),
      { numRuns: 150 },
    );
    // A test that only ever saw denials would prove nothing.
    expect(seen.allow).toBeGreaterThan(20);
    expect(seen.deny).toBeGreaterThan(20);
  });

  it('the grants are those of the oracle, each with a quorum of distinct people who may sign', () =>
    fc.assert(
      fc.property(histories, (steps) => {
        const told = tell(...steps);
        const state = stateOf(told);
        const expected = grantsByOracle(oracle(), told.entries);
        expect([...state.grants.keys()].sort()).toEqual(expected.map(({ request }) => request.data.request).sort());
        expect([...state.requests.keys()].sort()).toEqual(
          requestsIn(oracle(), told.entries)
            .map(({ data }) => data.request)
            .sort(),
        );
        for (const { request, from, signers } of expected) {
          const grant = state.grants.get(request.data.request as string as ReturnType<typeof grantId>);
          expect(grant).toMatchObject({ position: from.position, person: request.actor });
          expect([...(state.requests.get(request.data.request)?.approvals.keys() ?? [])]).toEqual(signers);
          expect(new Set(signers).size).toBeGreaterThanOrEqual(2);
          expect(signers).not.toContain(request.actor);
          for (const { subject } of request.data.scope.sessions) expect(signers).not.toContain(`subject:${subject}`);
          expect(grant?.recordsLeft).toBeGreaterThanOrEqual(0);
          expect(grant?.disclosuresLeft).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 150 },
    ));
});
