import type { LockTarget } from '../log/entries.js';
import type { FieldName } from '../log/fields.js';
import { ownCopy, type Position } from '../log/ids.js';
import { emptyAccess, type AccessState } from './access-state.js';
import { builtInPolicy } from './built-in-policy.js';
import { deniedByCedar } from './decide.cedar.spec.js';
import { decide, type Disclosure } from './decide.js';
import { changed } from './given-policy.spec.js';
import { authorityOf, grantId, lockId, person, requestId, session, sessions, subject } from './given.spec.js';
import { grantOn, withGrant } from './grant.js';
import type { Policy } from './policy.js';

/**
 * `decide` against Cedar on random states, which no history need lead to. ORACLE_CASES says how many, ORACLE_SEED from
 * where: `npm run test:oracle`.
 */
const cases = Number(process.env['ORACLE_CASES'] ?? 100_000);
const firstSeed = Number(process.env['ORACLE_SEED'] ?? 1);
/** Cedar reads the policies of a state once. */
const askedOfEach = 100;

/** mulberry32: the same throws for the same seed, everywhere. */
class Dice {
  constructor(private seed: number) {}
  private next(): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  chance = (share: number): boolean => this.next() < share;
  between = (least: number, most: number): number => least + Math.floor(this.next() * (most - least + 1));
  of = <T>(list: readonly T[]): T => list[this.between(0, list.length - 1)] as T;
  some = <T>(list: readonly T[], share: number): T[] => list.filter(() => this.chance(share));
}

const fields: readonly FieldName[] = ['kind', 'url', 'typed', 'prompt', 'other'];
const people = ['researcher', 'researcher2'];
const subjects = ['sub-1', 'sub-2', 'sub-3'];
const everySession = [...sessions, { session: session('ses-4'), subject: subject('sub-3') }];
const inOrder = (some: typeof everySession) => everySession.filter((one) => some.includes(one));
const grants = [0, 1, 2];

function policyBy(dice: Dice): Policy {
  return changed(builtInPolicy, (policy) => {
    for (const release of Object.values(policy.classes)) {
      Object.assign(release, { quorum: dice.between(0, 3), longestSeconds: dice.between(7, 60), mostRecords: dice.between(40, 90) });
      Object.assign(release, { mostDisclosures: dice.between(3, 9), mostSessions: dice.between(3, 9), mostSubjects: dice.between(2, 5) });
    } // prettier-ignore
    const most = {
      longestSeconds: dice.between(5, 60),
      mostRecords: dice.between(30, 90),
      mostDisclosures: dice.between(3, 9),
    };
    Object.assign(policy.breakGlass, {
      ...most,
      mostSubjects: dice.between(1, 5),
      fields: dice.some(fields, 0.9).sort(),
    });
    for (const field of dice.some(fields, 0.2)) delete policy.fields[field];
    for (const field of dice.some(fields, 0.2)) policy.fields[field] = dice.of(['basic', 'private', 'strict']);
  });
}

function targetBy(dice: Dice): LockTarget {
  const targets: LockTarget[] = [
    { kind: 'all' },
    { kind: 'field', field: dice.of(fields) },
    { kind: 'subject', subject: subject(dice.of(['sub-1', 'sub-2', 'sub-3'])) },
    { kind: 'person', person: person(dice.of([...people, 'subject:sub-1'])) },
    { kind: 'grant', grant: grantId(dice.of(grants)) },
  ];
  return dice.of(targets);
}

function stateBy(dice: Dice): AccessState {
  let state = emptyAccess(authorityOf(), policyBy(dice));
  for (const n of dice.some(grants, 0.9)) {
    const scope = {
      fields: [...new Set([dice.of(fields), ...dice.some(fields, 0.5)])].sort(),
      sessions: inOrder([dice.of(everySession), ...dice.some(everySession, 0.5)]),
      ...{ from: 1000, to: 2000, purpose: 'to see whether two agree', durationSeconds: dice.between(1, 9) },
      budget: { records: dice.between(1, 50), disclosures: dice.between(1, 4) },
    };
    const request = { id: requestId(n), requester: person(dice.of(people)), scope };
    const grant = grantOn(request, {
      position: n as Position,
      at: 0,
      signers: dice.between(dice.chance(0.1) ? 0 : 2, 4),
    });
    const left = { recordsLeft: dice.between(0, scope.budget.records), disclosuresLeft: dice.chance(0.85) ? scope.budget.disclosures : 0 }; // prettier-ignore
    const revoked = dice.chance(0.1) ? { revoked: { position: 9 as Position, by: person('approver1') } } : {};
    const alone = dice.chance(0.2) ? { isBreakGlass: true as const } : {};
    state = withGrant(state, { ...grant, ...left, ...revoked, ...alone });
  }
  const locks = dice.chance(0.2) ? grants.slice(0, dice.between(1, 2)) : [];
  for (const n of locks) {
    const lock = { lock: lockId(n), target: targetBy(dice), reason: 'an incident' };
    state = { ...state, locks: state.locks.set(n as Position, { ...lock, position: n as Position, by: 'custos' }) };
  }
  for (const one of dice.some(['sub-1', 'sub-2', 'sub-3'], 0.06)) {
    state = { ...state, erased: state.erased.set(subject(one), 9 as Position) };
  }
  return state;
}

/** A subject's own, and each part of it sometimes not. */
function ownAskedBy(dice: Dice): Disclosure {
  const of = dice.of(subjects);
  const asker = dice.chance(0.9) ? `subject:${of}` : dice.of([...people, `subject:${dice.of(subjects)}`]);
  return {
    ...{ grant: ownCopy, person: person(asker), session: dice.of(everySession).session },
    subject: dice.chance(0.97) ? subject(of) : undefined,
    fields: dice.some(fields, 0.6),
    records: dice.between(dice.chance(0.1) ? -2 : 0, 60),
    at: dice.between(0, 9000),
  };
}

/** Mostly what a holder would ask, and each part of it sometimes not. */
function askedBy(dice: Dice, state: AccessState): Disclosure {
  if (dice.chance(0.15)) return ownAskedBy(dice);
  const grant = state.grants.get(grantId(dice.of(grants)));
  const { scope, person: holder = person('researcher'), expiresAt = 5000, recordsLeft = 9 } = grant ?? {};
  const one = dice.chance(0.9) ? dice.of(scope?.sessions ?? everySession) : dice.of(everySession);
  const own = dice.some(scope?.fields ?? fields, 0.6);
  const others = dice.chance(0.1) ? [dice.of(fields)] : [];
  const said = dice.chance(0.3)
    ? { subject: dice.chance(0.6) ? one.subject : subject(dice.of(['sub-1', 'sub-2', 'sub-3'])) }
    : {};
  return {
    grant: grant?.id ?? grantId(9),
    person: dice.chance(0.95) ? holder : person(dice.of(people)),
    session: one.session,
    ...said,
    fields: dice.chance(0.97) && own.length === 0 ? (scope?.fields ?? fields) : [...new Set([...own, ...others])],
    records: dice.chance(0.85) ? dice.between(0, recordsLeft) : recordsLeft + dice.between(-60, 1),
    at: dice.chance(0.85) ? dice.between(0, expiresAt - 1) : expiresAt + dice.between(-1, 1),
  };
}

it(`decide and Cedar agree on ${cases} random cases, by the names of the rules`, () => {
  const seen = new Map<string, number>();
  const count = (name: string) => seen.set(name, (seen.get(name) ?? 0) + 1);
  for (let done = 0, seed = firstSeed; done < cases; seed += 1) {
    const dice = new Dice(seed);
    const state = stateBy(dice);
    const cedar = deniedByCedar(state);
    for (let n = 0; n < askedOfEach && done < cases; n += 1, done += 1) {
      const asked = askedBy(dice, state);
      const decision = decide(state, asked);
      const denied = decision.verdict === 'allow' ? [] : [...decision.rules].sort();
      const expected = cedar(asked);
      if (denied.join() !== expected.join()) {
        throw new Error(
          `ORACLE_SEED=${seed}, case ${n}: decide denies by [${denied.join()}], Cedar by [${expected.join()}]`,
        );
      }
      count(decision.verdict);
      denied.forEach(count);
      if (denied.length === 1) count(`${denied.join()} alone`);
    }
  }
  const lines = [...seen].sort().map(([name, of]) => `${name.padEnd(28)}${of}`);
  process.stdout.write(`${cases} cases, no disagreement\n${lines.join('\n')}\n`);
  // One state again does not break every rule.
  if (cases < 10_000) return;
  // Each rule denies by itself often enough to be missed, and enough is allowed.
  const least = cases / 1000;
  for (const rule of [...decideRules, 'grant_unknown', 'session_not_own']) expect([rule, seen.get(`${rule} alone`) ?? 0]).toEqual([rule, atLeast(least)]); // prettier-ignore
  expect(seen.get('allow')).toBeGreaterThan(cases / 10);
}, 3_600_000);

const decideRules = [
  'locked', 'grant_revoked', 'grant_expired', 'session_not_granted', 'field_not_granted', 'records_spent',
  'disclosures_spent', 'policy_forbids', 'subject_erased',
]; // prettier-ignore
const atLeast = (least: number) => ({
  asymmetricMatch: (value: unknown) => typeof value === 'number' && value >= least,
  toString: () => `at least ${least}`,
});
