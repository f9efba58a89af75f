import type { FieldClass, FieldName } from '../log/fields.js';
import type { GrantId, PersonId, SubjectId } from '../log/ids.js';
import type { Exceeded } from '../problem.js';
import type { AccessState, Grant } from './access-state.js';
import { grantsAbout, grantsOf, withGrant } from './grant.js';
import { classIn, type Policy } from './policy.js';
import { reachOf, type ReachScope } from './reach.js';

/** For this person, each of these fields of each of these subjects: within reach until when, before and after. */
export interface ReachChange {
  readonly person: PersonId;
  readonly subjects: readonly SubjectId[];
  readonly fields: readonly FieldName[];
  /** Epoch milliseconds; null: out of reach. */
  readonly before: number | null;
  readonly after: number | null;
}

/** Exactly who gains and who loses what by something that is not in force yet. */
export interface ReachEffect {
  readonly gains: readonly ReachChange[];
  readonly losses: readonly ReachChange[];
  /** Counts that it would bring above a ceiling, or further above: only what somebody gains can do that. */
  readonly exceeded: readonly Exceeded[];
}

export function effectOfGrant(state: AccessState, grant: Grant): ReachEffect {
  const [before, after] = [unlocked(state), unlocked(withGrant(state, grant))];
  // One grant more changes nothing of what the others open.
  const scopes = scopesAt({ state: after, at: grant.at });
  return reachEffect([before, scopes], [after, scopes], [grant.person]);
}

export function effectOfPolicy(state: AccessState, policy: Policy, at: number): ReachEffect {
  const [before, after] = [unlocked(state), { ...unlocked(state), policy }];
  const persons = [...state.held.keys()];
  return reachEffect([before, scopesAt({ state: before, at })], [after, scopesAt({ state: after, at })], persons);
}

/** Counts that are above a ceiling as things are, also by what officers signed for. */
export function exceededNow(state: AccessState, at: number): readonly Exceeded[] {
  const nobody = { ...state, grants: state.grants.clear(), held: state.held.clear(), about: state.about.clear() };
  const scopes = scopesAt({ state: unlocked(state), at });
  return reachEffect([unlocked(nobody), scopes], [unlocked(state), scopes], [...state.held.keys()]).exceeded;
}

/** Lifting a lock asks nobody how far that reaches, so what it holds back counts as within reach here. */
const unlocked = (state: AccessState): AccessState => ({ ...state, locks: state.locks.clear() });

/** A state, and the time at which expiry is judged in it. */
interface Standing {
  readonly state: AccessState;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Who gained and who lost what from one moment to a later one, locks included. */
export function reachBetween(before: Standing, after: Standing): Omit<ReachEffect, 'exceeded'> {
  // What ended was perhaps filed out of the later state, and what began is not in the earlier one.
  const persons = new Set([...before.state.held.keys(), ...after.state.held.keys()]);
  return changesFor([...persons], [before.state, scopesAt(before)], [after.state, scopesAt(after)]);
}

type Asked = readonly [state: AccessState, scopes: Scopes];

/** `persons`: all whose reach may differ. */
function reachEffect(before: Asked, after: Asked, persons: readonly PersonId[]): ReachEffect {
  const changes = changesFor(persons, before, after);
  return { ...changes, exceeded: exceededBy(changes.gains, before[0].policy, after) };
}

function changesFor(persons: readonly PersonId[], before: Asked, after: Asked): Omit<ReachEffect, 'exceeded'> {
  const changes = [...persons].sort().flatMap((person) => changesOf(person, held(before, person), held(after, person)));
  const gains = changes.filter((one) => (one.after ?? 0) > (one.before ?? 0));
  const losses = changes.filter((one) => (one.after ?? 0) < (one.before ?? 0));
  return { gains, losses };
}

interface Opened extends ReachScope {
  readonly subjects: ReadonlySet<SubjectId>;
}
interface Scopes {
  of(grant: Grant): Opened | undefined;
  /** What it opens of one subject, and perhaps more. */
  about(grant: Grant, subject: SubjectId): ReachScope | undefined;
}

/** Each grant is asked once, however many subjects it is about. */
function scopesAt({ state, at }: Standing): Scopes {
  const asked = new Map<GrantId, Opened | undefined>();
  return {
    of(grant) {
      if (!asked.has(grant.id)) asked.set(grant.id, withSubjects(reachOf(state, grant, at)));
      return asked.get(grant.id);
    },
    about: (grant, subject) => (asked.has(grant.id) ? asked.get(grant.id) : reachOf(state, grant, at, subject)),
  };
}

const withSubjects = (scope: ReachScope | undefined): Opened | undefined =>
  scope && { ...scope, subjects: new Set(scope.sessions.map(({ subject }) => subject)) };

const held = ([state, scopes]: Asked, person: PersonId): Opened[] =>
  grantsOf(state, person).flatMap((grant) => scopes.of(grant) ?? []);

/** Subjects whom the same scopes are about change alike: each such group is looked at once, and no pair is enumerated. */
function changesOf(person: PersonId, before: readonly Opened[], after: readonly Opened[]): ReachChange[] {
  const all = [...before, ...after];
  const groups = groupBy(subjectsIn(all), ([, scopes]) => scopes.join());
  return [...groups.values()].flatMap((group) => {
    const scopes = group[0][1];
    const [then, now] = [scopes.filter((index) => index < before.length), scopes.filter((index) => index >= before.length)]; // prettier-ignore
    const fields = new Set(scopes.flatMap((index) => all[index]?.fields ?? []));
    const changed = [...fields]
      .map((field) => ({ field, before: untilOf(field, then, all), after: untilOf(field, now, all) }))
      .filter((one) => one.before !== one.after);
    const subjects = group.map(([subject]) => subject).sort();
    return [...groupBy(changed, (one) => `${one.before} ${one.after}`).values()].map(([first, ...rest]) => ({
      person,
      subjects,
      fields: [first, ...rest].map(({ field }) => field).sort(),
      before: first.before,
      after: first.after,
    }));
  });
}

/** Each subject with the scopes that are about it, by their index. */
function subjectsIn(scopes: readonly Opened[]): Map<SubjectId, number[]> {
  const found = new Map<SubjectId, number[]>();
  for (const [index, { subjects }] of scopes.entries()) {
    for (const subject of subjects) {
      const indices = found.get(subject);
      if (indices === undefined) found.set(subject, [index]);
      else indices.push(index);
    }
  }
  return found;
}

const untilOf = (field: FieldName, indices: readonly number[], all: readonly ReachScope[]): number | null =>
  indices.reduce<number | null>((latest, index) => {
    const scope = all[index];
    return scope?.fields.includes(field) ? Math.max(latest ?? 0, scope.until) : latest;
  }, null);

/**
 * Where two policies are concerned the lower ceiling holds: a change that raises a ceiling must not itself be measured
 * by what it raises.
 */
function exceededBy(gains: readonly ReachChange[], policy: Policy, asked: Asked): Exceeded[] {
  const [after, scopes] = asked;
  const limitOf = (ceiling: Exceeded['ceiling'], one: FieldClass, other: FieldClass) =>
    Math.min(policy.classes[one][ceiling], after.policy.classes[other][ceiling]);
  const found = new Map<string, Exceeded>();
  const count = (ceiling: Exceeded['ceiling'], of: FieldName | FieldClass, limit: number, size: number) => {
    const key = `${ceiling} ${of}`;
    if (size > limit && size > (found.get(key)?.found ?? 0)) found.set(key, { ceiling, of, limit, found: size });
  };
  // Each subject and each person once: many people may gain what is about one subject. Subjects whom the same grants are
  // about are alike.
  const subjects = gainedBy(gains, (gain) => gain.subjects);
  const alike = groupBy(subjects, ([subject, fields]) => [...(after.about.get(subject) ?? []), ...fields].join());
  for (const [[subject, fields]] of alike.values()) {
    const holders = holdersOf(grantsAbout(after, subject).flatMap((grant) => scopes.about(grant, subject) ?? []));
    for (const [field, persons] of holders) {
      if (!fields.has(field)) continue;
      const limit = limitOf('mostPersonsAtOnce', classIn(policy, field), classIn(after.policy, field));
      count('mostPersonsAtOnce', field, limit, persons.size);
    }
  }
  for (const [person, fields] of gainedBy(gains, (gain) => [gain.person])) {
    const own = held(asked, person);
    for (const name of new Set([...fields].map((field) => classIn(after.policy, field)))) {
      const of = own.filter((scope) => scope.fields.some((field) => classIn(after.policy, field) === name));
      const reached = new Set(of.flatMap((scope) => [...scope.subjects]));
      count('mostSubjectsAtOnce', name, limitOf('mostSubjectsAtOnce', name, name), reached.size);
    }
  }
  return [...found.values()];
}

function gainedBy<K>(
  gains: readonly ReachChange[],
  keysOf: (gain: ReachChange) => readonly K[],
): Map<K, Set<FieldName>> {
  const gained = new Map<K, Set<FieldName>>();
  for (const gain of gains) {
    for (const key of keysOf(gain))
      gained.set(
        key,
        gain.fields.reduce((all, field) => all.add(field), gained.get(key) ?? new Set<FieldName>()),
      );
  }
  return gained;
}

function holdersOf(scopes: readonly ReachScope[]): Map<FieldName, Set<PersonId>> {
  const holders = new Map<FieldName, Set<PersonId>>();
  for (const { person, fields } of scopes) {
    for (const field of fields) holders.set(field, (holders.get(field) ?? new Set()).add(person));
  }
  return holders;
}

function groupBy<T>(list: Iterable<T>, key: (one: T) => string): Map<string, [T, ...T[]]> {
  const groups = new Map<string, [T, ...T[]]>();
  for (const one of list) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return groups;
}
