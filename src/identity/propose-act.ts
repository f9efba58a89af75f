import { OrderedMap } from 'immutable';
import type { Head, Outcome } from '../log/draft.js';
import type { ActId, PersonId, Position } from '../log/ids.js';
import type { Envelope } from '../sealing/dsse.js';
import { actHash, actOpenSeconds, type Act } from './act.js';
import type { ActState, Authority } from './authority.js';
import { actStream, refusal, signatureOnAct, type ActAnswer } from './sign-act.js';

export interface ProposedAct extends Act {
  readonly act: ActId;
  readonly proposer: PersonId;
  /** The proposer's own signature: nobody asks others to sign what they would not sign themselves. */
  readonly envelope: Envelope;
}

/** Puts an act before the officers, signed by the first of them. If one is enough, it is in force. */
export function proposeAct(
  state: Authority,
  { act: id, kind: name, body: asked, proposer, envelope }: ProposedAct,
  head: Head,
): Outcome<ActAnswer> {
  const { at, size } = head;
  const kind = state.kinds.get(name);
  const body = kind?.body.safeParse(asked);
  if (kind === undefined) return refusal(id, ['kind_unknown']);
  if (body?.success !== true) return refusal(id, ['body_invalid']);
  if (state.acts.has(id)) return refusal(id, ['act_id_used']);
  const hash = actHash({ kind: name, body: body.data });
  const expiresAt = at + actOpenSeconds * 1000;
  const proposed: ActState = {
    id,
    kind: name,
    body: body.data,
    proposer,
    hash: Buffer.from(hash).toString('hex'),
    position: size as Position,
    at,
    expiresAt,
    needed: Math.max(1, kind.signers(state.trust, body.data)),
    signatures: OrderedMap(),
  };
  const withAct = { ...state, acts: state.acts.set(id, proposed) };
  const signed = signatureOnAct(withAct, { act: id, envelope }, { ...head, size: size + 1 });
  if (signed.answer.kind !== 'signed') return signed;
  const data = { act: id, kind: name, body: body.data, actHash: hash, expiresAt };
  return { entries: [{ type: 'act.proposed', stream: actStream(id), data }, ...signed.entries], answer: signed.answer };
}
