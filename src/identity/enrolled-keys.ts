import { z } from 'zod';
import { PersonId } from '../log/ids.js';
import { parseVerifierKey } from '../merkle/note.js';
import type { ActKind } from './act.js';
import type { ActState, Authority } from './authority.js';
import { keyIdOf, PublicKey } from './trust.js';

const KeyId = z.string().regex(/^[0-9a-f]{16}$/);
/** An approver's key is looked at again at least so often. */
const longestKeyMs = 400 * 24 * 3600 * 1000;

/** Officers are not enrolled: they are the trust file's, and nothing in the log makes one. */
const Enrol = z.strictObject({
  person: PersonId,
  role: z.literal('approver'),
  publicKey: PublicKey,
  /** Epoch milliseconds. */
  expiresAt: z.int().min(0),
});
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
  const key = state.keys.get(keyId);
  // A key of the trust file ends with the trust file: one officer alone must not put the others out.
  if (key === undefined || key.revokedAt !== undefined || state.trust.keys.has(keyId)) return state;
  return { ...state, keys: state.keys.set(keyId, { ...key, revokedAt: enforcedAt }) };
}

function enrolled(state: Authority, { person, role, publicKey: text, expiresAt }: z.infer<typeof Enrol>, at: number) {
  const publicKey = Uint8Array.from(Buffer.from(text, 'base64'));
  const keyId = keyIdOf(publicKey);
  // One key is one person's, once: not even a revoked one comes back, under whatever name.
  const fits = !state.keys.has(keyId) && !keysOfTheService(state).includes(keyId) && expiresAt <= at + longestKeyMs;
  return fits ? { ...state, keys: state.keys.set(keyId, { person, role, publicKey, expiresAt }) } : state;
}

/** What the log or the keyholder signs is no person's word. */
const keysOfTheService = ({ trust }: Authority): string[] => [
  keyIdOf(parseVerifierKey(trust.log).publicKey),
  keyIdOf(trust.keyholder),
];
