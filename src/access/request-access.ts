import type { Preview } from '../log/entries.js';
import type { Outcome } from '../log/draft.js';
import type { PersonId, RequestId } from '../log/ids.js';
import { requestStream, type AccessState } from './access-state.js';
import { toHex } from './hex.js';
import { isNonEmpty, type NonEmpty } from './non-empty.js';
import { aboveCeilings, policyHash, previewOf, termsOf, type CeilingRule } from './policy.js';
import { signersNeeded } from './reach-guard.js';
import { freezeScope, scopeHash, type ScopeBody, type SessionOfSubject } from './scope.js';

/** A session that the request names, by itself or through its subject. */
export interface SessionFound extends SessionOfSubject {
  /** In the batches that overlap the range of time: an upper bound, from headers alone. */
  readonly records: number;
}

export interface AskedAccess {
  /** Fresh and random. */
  readonly request: RequestId;
  /** The actor of the entry. */
  readonly requester: PersonId;
  readonly body: ScopeBody;
  readonly sessions: readonly SessionFound[];
}

export type RequestRule = CeilingRule | 'nothing_in_scope';

export type RequestAnswer =
  | {
      readonly kind: 'made';
      readonly request: RequestId;
      /** Hex. */
      readonly scopeHash: string;
      readonly preview: Preview;
      readonly needed: number;
    }
  | { readonly kind: 'refused'; readonly rules: NonEmpty<RequestRule> };

/**
 * Decides whether this may be asked. A refusal is an entry as much as a request is: who asked for too much
 * is part of the history.
 * @throws Error if the id was used before, or nobody asks: `evolve` would take neither for a request.
 */
export function requestAccess(
  state: AccessState,
  { request, requester, body, sessions }: AskedAccess,
  { at }: { at: number },
): Outcome<RequestAnswer> {
  if (state.requests.has(request)) throw new Error('a request of this id was made before');
  if (requester === 'custos') throw new Error('the service itself asks for nothing');
  const { policy } = state;
  // What can never be opened again is not asked for: approvers would sign for more than there is.
  const open = sessions.filter(({ subject }) => !state.erased.has(subject));
  // A session may be named twice, by itself and by its subject. It counts once.
  const recordsOf = new Map(open.map(({ session, records }) => [session, records]));
  const rules: RequestRule[] = aboveCeilings(policy, termsOf({ ...body, sessions: open }));
  if (!isNonEmpty(open)) return refusal(request, ['nothing_in_scope', ...rules]);
  if (isNonEmpty(rules)) return refusal(request, rules);

  const scope = freezeScope(body, open);
  const hash = scopeHash(scope);
  const records = [...recordsOf.values()].reduce((sum, count) => sum + count, 0);
  const preview = previewOf(policy, scope, records);
  const expiresAt = at + policy.requestOpenSeconds * 1000;
  const data = { request, scope, scopeHash: hash, policyHash: policyHash(policy), preview, expiresAt };
  return {
    entries: [{ type: 'request.made', stream: requestStream(request), data }],
    answer: {
      kind: 'made',
      request,
      scopeHash: toHex(hash),
      preview,
      needed: signersNeeded(state, { id: request, requester, scope, preview }, at),
    },
  };
}

const refusal = (request: RequestId, rules: NonEmpty<RequestRule>): Outcome<RequestAnswer> => ({
  entries: [{ type: 'request.refused', stream: requestStream(request), data: { rules } }],
  answer: { kind: 'refused', rules },
});
