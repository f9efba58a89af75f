import { z } from 'zod';
import { PersonId, type Position } from '../log/ids.js';
import { parseVerifierKey } from '../merkle/note.js';
import type { ActKind } from './act.js';
import { authorityKey, enforcedBy, type ActState, type Authority } from './authority.js';
import { keyIdOf, PersonKey, verifyingKey } from './trust.js';

const KeyId = z.string().regex(/^[0-9a-f]{16}$/);
/** An enrolled key is looked at again at least so often. */
const longestKeyMs = 400 * 24 * 3600 * 1000;

/** Officers are not enrolled: they are the trust file's, and nothing in the log makes one. */
const Enrol = z.strictObject({
  person: PersonId,
  role: z.enum(['approver', 'source']),
  publicKey: PersonKey,
  /** Epoch milliseconds. */
  expiresAt: z.int().min(0),
});
const Revoke = z.strictObject({ keyId: KeyId });
/** The new key is the same person's, in the same role; the old one ends where the new one begins. */
const Rotate = z.strictObject({ keyId: KeyId, publicKey: PersonKey, expiresAt: z.int().min(0) });

const acts = {
  'key.enrol': { body: Enrol, fold: (state, body, { at }) => enrolled(state, Enrol.parse(body), at) },
  'key.revoke': { body: Revoke, fold: (state, body, { position }) => revoked(state, Revoke.parse(body), position) },
  'key.rotate': {
    body: Rotate,
    fold(state, body, { at, position }) {
      const { keyId, publicKey, expiresAt } = Rotate.parse(body);
      const owner = ownerOf(state, keyId);
      const without = revoked(state, { keyId }, position);
      if (owner === undefined || typeof without === 'string') return 'key_not_enrolled';
      return enrolled(without, { ...owner, publicKey, expiresAt }, at);
    },
  },
} satisfies Record<string, { body: z.ZodType; fold: (state: Authority, body: unknown, place: Place) => Folded }>;

interface Place {
  /** When the act was proposed, epoch milliseconds. */
  readonly at: number;
  readonly position: Position;
}
/** The state with it, or why it does not fit. */
type Folded = Authority | KeyRule;
type KeyRule = 'key_known' | 'key_expiry_too_far' | 'key_expired' | 'key_scheme' | 'key_not_enrolled';

const kindOf = (kind: keyof typeof acts, signers: ActKind['signers']): ActKind => ({
  kind,
  body: acts[kind].body,
  signers,
  objection(body, head) {
    const folded = acts[kind].fold(head.of(authorityKey), body, { at: head.at, position: head.size as Position });
    return typeof folded === 'string' ? { code: 'key_refused', rules: [folded] } : undefined;
  },
});

export const keyActs: readonly ActKind[] = [
  kindOf('key.enrol', ({ quorum }) => quorum.ordinary),
  kindOf('key.rotate', ({ quorum }) => quorum.ordinary),
  // Narrowing takes one: a stolen key must stop counting at once.
  kindOf('key.revoke', () => 1),
];

/** What an enforced act does to the keys. One that does not fit leaves them as they were. */
export function foldKeys(state: Authority, { kind, body, at, enforcedAt }: ActState): Authority {
  if (!isKeyAct(kind) || enforcedAt === undefined) return state;
  const folded = acts[kind].fold(state, body, { at, position: enforcedAt });
  return typeof folded === 'string' ? state : folded;
}

/** The key that the entry revoked, if it did: by itself, and not for another in its place. */
export function revokedBy(state: Authority, position: Position): string | undefined {
  const revocation = Revoke.safeParse(enforcedBy(state, position, 'key.revoke')?.body);
  if (!revocation.success) return undefined;
  const { keyId } = revocation.data;
  return state.keys.get(keyId)?.revokedAt === position ? keyId : undefined;
}

const isKeyAct = (kind: string): kind is keyof typeof acts => Object.hasOwn(acts, kind);

function enrolled(state: Authority, { person, role, publicKey, expiresAt }: z.infer<typeof Enrol>, at: number): Folded {
  const key = verifyingKey(publicKey);
  const keyId = keyIdOf(key.publicKey);
  // One key is one person's, once: not even a revoked one comes back, under whatever name.
  if (state.keys.has(keyId) || state.sources.has(keyId) || keysOfTheService(state).includes(keyId)) return 'key_known';
  if (expiresAt > at + longestKeyMs) return 'key_expiry_too_far';
  if (expiresAt <= at) return 'key_expired';
  if (role === 'approver') return { ...state, keys: state.keys.set(keyId, { person, role, ...key, expiresAt }) };
  // A source signs thousands of batches: nobody touches an authenticator for them.
  if (key.ssh !== undefined) return 'key_scheme';
  return { ...state, sources: state.sources.set(keyId, { person, publicKey: key.publicKey, expiresAt }) };
}

/** A key of the trust file ends with the trust file: one officer alone must not put the others out. */
function revoked(state: Authority, { keyId }: z.infer<typeof Revoke>, position: Position): Folded {
  const owner = ownerOf(state, keyId);
  if (owner === undefined) return 'key_not_enrolled';
  const ended = { revokedAt: position };
  const { keys, sources } = state;
  return owner.role === 'source'
    ? { ...state, sources: sources.update(keyId, (key) => key && { ...key, ...ended }) }
    : { ...state, keys: keys.update(keyId, (key) => key && { ...key, ...ended }) };
}

/** Whose key officers enrolled, and nobody revoked yet. */
function ownerOf(
  { keys, sources, trust }: Authority,
  keyId: string,
): Pick<z.infer<typeof Enrol>, 'person' | 'role'> | undefined {
  if (trust.keys.has(keyId) || trust.sources.has(keyId)) return undefined;
  const [key, source] = [keys.get(keyId), sources.get(keyId)];
  if (key !== undefined && key.revokedAt === undefined) return { person: key.person, role: 'approver' };
  return source?.revokedAt === undefined && source ? { person: source.person, role: 'source' } : undefined;
}

/** What the log or the keyholder signs is no person's word. */
const keysOfTheService = ({ trust }: Authority): string[] => [
  keyIdOf(parseVerifierKey(trust.log).publicKey),
  keyIdOf(trust.keyholder),
];
