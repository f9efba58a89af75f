import type { ActId, PersonId } from '../log/ids.js';
import type { Envelope } from '../sealing/dsse.js';
import { actSignatureSeconds, actType, type ActStatement } from './act.js';
import { keyInForce, type ActState, type Authority, type EnrolledKey } from './authority.js';
import { openStatement, type EnvelopeRule } from './signed-statement.js';

export interface SignatureHandedIn {
  readonly envelope: string | Envelope;
  /** The act that it is handed in for. */
  readonly act: ActId;
  /** Time of the entry that will hold it, epoch milliseconds. */
  readonly at: number;
  /** Entries in the log below that entry. */
  readonly size: number;
}

export type CheckedActSignature =
  | { readonly kind: 'valid'; readonly signer: PersonId; readonly statement: ActStatement }
  | { readonly kind: 'refused'; readonly rules: readonly [ActRule, ...ActRule[]] };

/**
 * Whether an officer's signature counts for an act. Pure and total; serving and replay both ask it. A signature
 * that is not good is refused for that alone: what stands behind it is nobody's word.
 */
export function checkActSignature(
  state: Authority,
  { envelope, act: id, at, size }: SignatureHandedIn,
): CheckedActSignature {
  const opened = openStatement(actType, envelope, (keyId) => keyInForce(state, keyId, at));
  if (opened.kind === 'refused') return { kind: 'refused', rules: [opened.rule] };
  const { statement, keyId } = opened;
  const key = keyInForce(state, keyId, at);
  if (key === undefined) return { kind: 'refused', rules: ['key_unknown'] };
  const act = state.acts.get(id);
  if (act === undefined) return { kind: 'refused', rules: ['act_not_open'] };
  const [first, ...rest] = ruleNames.filter((name) => !rules[name]({ statement, key, act, at, size, state }));
  return first === undefined
    ? { kind: 'valid', signer: key.person, statement }
    : { kind: 'refused', rules: [first, ...rest] };
}

interface Seen {
  readonly statement: ActStatement;
  readonly key: EnrolledKey;
  readonly act: ActState;
  readonly at: number;
  readonly size: number;
  readonly state: Authority;
}

/** What must hold, filed under the name that a refusal carries when it does not. */
const rules = {
  origin_wrong: ({ statement, state }) => statement.origin === state.trust.origin,
  // Officers are named by the trust file alone: no act makes one.
  not_an_officer: ({ key }) => key.role === 'officer',
  signer_mismatch: ({ statement, key }) => statement.signer === key.person,
  act_mismatch: ({ statement, act }) => statement.act === act.id,
  act_changed: ({ statement, act }) => statement.actHash === act.hash,
  signature_expired: ({ statement, at }) => at < statement.expiresAt,
  signature_expiry_too_far: ({ statement, at }) => statement.expiresAt <= at + actSignatureSeconds * 1000,
  nonce_reused: ({ statement, state }) => !state.nonces.has(statement.nonce),
  // People count, not keys: a second key is no second person.
  already_signed: ({ key, act }) => !act.signatures.has(key.person),
  act_not_open: ({ act, at }) => act.enforcedAt === undefined && at < act.expiresAt,
  // Nobody has seen a log that is longer than the log.
  checkpoint_ahead: ({ statement, size }) => statement.checkpoint.size <= size,
} satisfies Record<string, (seen: Seen) => boolean>;

export type ActRule = EnvelopeRule | keyof typeof rules;
const ruleNames = Object.keys(rules) as (keyof typeof rules)[];
