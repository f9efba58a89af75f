import { z } from 'zod';
import { PersonId, type Position } from '../log/ids.js';
import { parseVerifierKey } from '../merkle/note.js';
import type { ActKind } from './act.js';
import type { ActState, Authority } from './authority.js';
import { keyIdOf, PersonKey, PublicKey, verifyingKey } from './trust.js';

const KeyId = z.string().regex(/^[0-9a-f]{16}$/);
/** An enrolled key is looked at again at least so often. */
const longestKeyMs = 400 * 24 * 3600 * 1000;

/** Officers are not enrolled: they are the trust file's, and nothing in the log makes one. */
const Enrol = z
  .strictObject({
    person: PersonId,
    role: z.enum(['approver', 'source']),
    publicKey: PersonKey,
    /** Epoch milliseconds. */
    expiresAt: z.int().min(0),
  })
  // A source signs thousands of batches: nobody touches an authenticator for them.
  .refine(({ role, publicKey }) => role === 'approver' || PublicKey.safeParse(publicKey).success);
const Revoke = z.strictObject({ keyId: KeyId });

export const keyActs: readonly ActKind[] = [
  { kind: 'key.enrol', body: Enrol, signers: ({ quorum }) => quorum.ordinary },
  // Narrowing takes one: a stolen key must stop counting at once.
  { kind: 'key.revoke', body: Revoke, signers: () => 1 },
];

/** What an enforced act does to the keys. One that does not fit leaves them as they were. */
export function foldKeys(state: Authority, { kind, body, at, enforcedAt }: ActState): Authority {
  if (kind === 'key.enrol') return enrolled(state, Enrol.parse(body), at);
  if (kind !== 'key.revoke' || enforcedAt === undefined) return state;
  const { keyId } = Revoke.parse(body);
  // A key of the trust file ends with the trust file: one officer alone must not put the others out.
  if (state.trust.keys.has(keyId) || state.trust.sources.has(keyId)) return state;
  const revoked = <K extends { revokedAt?: Position }>(key: K): K => ({
    ...key,
    revokedAt: key.revokedAt ?? enforcedAt,
  });
  const { keys, sources } = state;
  if (keys.has(keyId)) return { ...state, keys: keys.update(keyId, (key) => key && revoked(key)) };
  return sources.has(keyId) ? { ...state, sources: sources.update(keyId, (key) => key && revoked(key)) } : state;
}

function enrolled(state: Authority, { person, role, publicKey: text, expiresAt }: z.infer<typeof Enrol>, at: number) {
  const key = verifyingKey(text);
  const keyId = keyIdOf(key.publicKey);
  // One key is one person's, once: not even a revoked one comes back, under whatever name.
  const isKnown = state.keys.has(keyId) || state.sources.has(keyId) || keysOfTheService(state).includes(keyId);
  if (isKnown || expiresAt > at + longestKeyMs) return state;
  return role === 'source'
    ? { ...state, sources: state.sources.set(keyId, { person, publicKey: key.publicKey, expiresAt }) }
    : { ...state, keys: state.keys.set(keyId, { person, role, ...key, expiresAt }) };
}

/** What the log or the keyholder signs is no person's word. */
const keysOfTheService = ({ trust }: Authority): string[] => [
  keyIdOf(parseVerifierKey(trust.log).publicKey),
  keyIdOf(trust.keyholder),
];
