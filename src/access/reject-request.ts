import type { Outcome } from '../log/draft.js';
import type { RequestId } from '../log/ids.js';
import { requestStream, statusOf, type AccessState } from './access-state.js';

export type RejectionAnswer =
  | { readonly kind: 'rejected'; readonly request: RequestId }
  | { readonly kind: 'refused'; readonly rules: readonly ['request_not_open'] }
  | { readonly kind: 'request_unknown' };

/** One person who says no is enough. A grant in force is revoked instead. */
export function rejectRequest(
  state: AccessState,
  { request: id, reason }: { request: RequestId; reason: string },
  { at }: { at: number },
): Outcome<RejectionAnswer> {
  const request = state.requests.get(id);
  if (request === undefined) return { entries: [], answer: { kind: 'request_unknown' } };
  if (statusOf(state, request, at) !== 'open') {
    return { entries: [], answer: { kind: 'refused', rules: ['request_not_open'] } };
  }
  return {
    entries: [{ type: 'request.rejected', stream: requestStream(id), data: { request: id, reason } }],
    answer: { kind: 'rejected', request: id },
  };
}
