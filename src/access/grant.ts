import type { PersonId, Position, SubjectId } from '../log/ids.js';
import { grantOf, type AccessRequest, type AccessState, type Grant } from './access-state.js';
import { termsOf } from './policy.js';
import { SubjectsOfSessions } from './scope.js';

type Asked = Pick<AccessRequest, 'id' | 'requester' | 'scope'>;
interface Signed {
  /** Of the approval that completes the quorum. */
  readonly position: Position;
  readonly at: number;
  readonly signers: number;
}

/** What a request becomes with enough signatures. */
export const grantOn = ({ id, requester, scope }: Asked, { position, at, signers }: Signed): Grant => ({
  id: grantOf(id),
  person: requester,
  scope,
  terms: termsOf(scope),
  signers,
  fields: new Set(scope.fields),
  subjects: new SubjectsOfSessions(scope.sessions),
  position,
  at,
  expiresAt: at + scope.durationSeconds * 1000,
  recordsLeft: scope.budget.records,
  disclosuresLeft: scope.budget.disclosures,
});

/**
 * The state with one grant more. It is filed under its holder and its subjects; those that ended are taken out there
 * on the way, so that a long log does not make each grant slower than the one before. They never come back: times of
 * entries do not go back, and a revocation stays.
 */
export function withGrant(state: AccessState, grant: Grant): AccessState {
  const grants = state.grants.set(grant.id, grant);
  // Subjects of one scope are mostly those of others too: each grant is asked once, and they share a list as long as the
  // same grants are about them.
  const stays = once((id: Grant['id']) => mayOpen(grants.get(id), grant.at));
  const filed = once((earlier: readonly Grant['id'][] | undefined) => [...(earlier ?? []).filter(stays), grant.id]);
  let { mostAbout } = state;
  const about = state.about.withMutations((lists) => {
    for (const subject of new Set(grant.scope.sessions.map((one) => one.subject))) {
      const list = filed(lists.get(subject));
      mostAbout = Math.max(mostAbout, list.length);
      lists.set(subject, list);
    }
  });
  const held = state.held.set(grant.person, filed(state.held.get(grant.person)));
  return { ...state, grants, held, about, mostAbout };
}

/** The function, asked at most once of each key. */
function once<K, V extends NonNullable<unknown>>(of: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const value = known.get(key) ?? of(key);
    known.set(key, value);
    return value;
  };
}

// A time that is no number ends nothing.
const mayOpen = (grant: Grant | undefined, at: number) =>
  grant !== undefined && grant.revoked === undefined && !(at >= grant.expiresAt);

/** Every grant of a person, or about a subject, that may still open something; and perhaps some that do not. */
export const grantsOf = ({ held, grants }: AccessState, person: PersonId): Grant[] => named(grants, held.get(person));
export const grantsAbout = ({ about, grants }: AccessState, subject: SubjectId): Grant[] =>
  named(grants, about.get(subject));

const named = (grants: AccessState['grants'], ids: readonly Grant['id'][] = []): Grant[] =>
  ids.flatMap((id) => grants.get(id) ?? []);
