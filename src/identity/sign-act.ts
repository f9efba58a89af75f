import type { Head, Outcome } from '../log/draft.js';
import type { ActId, PersonId } from '../log/ids.js';
import type { Envelope } from '../sealing/dsse.js';
import type { Objection } from './act.js';
import type { Authority } from './authority.js';
import { checkActSignature, type ActRule } from './check-act-signature.js';
import { envelopeText, parseEnvelope } from './signed-statement.js';

export type ActAnswer =
  | {
      readonly kind: 'signed';
      readonly act: ActId;
      readonly signer: PersonId;
      /** Distinct officers, this one included. */
      readonly signatures: number;
      readonly needed: number;
      /** With this signature the act came into force. */
      readonly enforced: boolean;
    }
  | { readonly kind: 'refused'; readonly rules: ActRefusals }
  | ({ readonly kind: 'objected' } & Objection)
  | { readonly kind: 'act_unknown' };

export type ActRefusal = ActRule | 'kind_unknown' | 'body_invalid' | 'act_id_used';
type ActRefusals = readonly [ActRefusal, ...ActRefusal[]];

export const actStream = (id: ActId): string => `act/${id}`;

/** Takes one officer's signature. Whoever hands it in does not matter, only whose key signed it. */
export function signatureOnAct(
  state: Authority,
  { act: id, envelope }: { act: ActId; envelope: string | Envelope },
  head: Head,
): Outcome<ActAnswer> {
  const { at, size } = head;
  const act = state.acts.get(id);
  if (act === undefined) return { entries: [], answer: { kind: 'act_unknown' } };
  const checked = checkActSignature(state, { envelope, act: id, at, size });
  if (checked.kind === 'refused') return refusal(id, checked.rules);
  const kind = state.kinds.get(act.kind);
  const objection = kind?.objection?.(act.body, head, checked.signer, id);
  if (objection !== undefined)
    return { ...refusedWith(id, objection.rules), answer: { kind: 'objected', ...objection } };
  const signed = (typeof envelope === 'string' ? parseEnvelope(envelope) : envelope) as Envelope;
  const signatures = act.signatures.size + 1;
  const { needed, body } = act;
  const { signer } = checked;
  const enforced = signatures >= needed;
  const told = enforced ? (kind?.announced?.(id, body, signer) ?? []) : [];
  return {
    entries: [
      { type: 'act.signed', stream: actStream(id), data: { act: id, envelope: envelopeText(signed) } },
      ...told,
    ],
    answer: { kind: 'signed', act: id, signer, signatures, needed, enforced },
  };
}

/** A refusal is an entry too: who tried to sign what is part of the history. */
export const refusal = (act: ActId, rules: ActRefusals): Outcome<ActAnswer> => ({
  ...refusedWith(act, rules),
  answer: { kind: 'refused', rules },
});

const refusedWith = (act: ActId, rules: readonly string[]): Pick<Outcome<never>, 'entries'> => ({
  entries: [{ type: 'act.refused', stream: actStream(act), data: { act, rules } }],
});
