import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { PersonId } from '../log/ids.js';
import { parseVerifierKey } from '../merkle/note.js';
import { Problem } from '../problem.js';
import { parseVerifyingKey, type VerifyingKey } from '../sealing/verifying-key.js';

const publicKeyBytes = 32;
/** Far more people than a quorum is ever chosen from. */
const mostPeople = 10_000;

/** One text a key: two spellings of one key could otherwise pass for two keys. */
export const PublicKey = z.base64().refine((text) => {
  const key = Buffer.from(text, 'base64');
  return key.length === publicKeyBytes && key.toString('base64') === text;
});

/** A person's key: as above, or a public line of OpenSSH, whose scheme is thereby chosen for good. */
export const PersonKey = z
  .string()
  .max(300)
  .refine((text) => parseVerifyingKey(text) !== undefined);

/**
 * The root of trust: configuration, never data. Whoever writes it decides whose signatures count, so it is mounted
 * read-only and nothing in the database can change it.
 */
export const TrustFile = z.strictObject({
  origin: z.string().min(1).max(200),
  /** Verifier key of the log (C2SP signed-note). */
  log: z.string(),
  /** Ed25519 key of the keyholder, base64. */
  keyholder: PublicKey,
  people: z
    .array(
      z.strictObject({
        person: PersonId,
        role: z.enum(['approver', 'officer']),
        keyId: z.string().regex(/^[0-9a-f]{16}$/),
        publicKey: PersonKey,
      }),
    )
    .max(mostPeople),
  /** Sources that seal at their own end, and what they sign with. Apart from people: no approval is theirs. */
  sources: z
    .array(z.strictObject({ person: PersonId, keyId: z.string().regex(/^[0-9a-f]{16}$/), publicKey: PublicKey }))
    .max(mostPeople)
    .default([]),
  /** How many distinct officers must sign an act, and one that reaches further than the policy's ceilings. */
  quorum: z
    .strictObject({ ordinary: z.int().min(2), large: z.int().min(2) })
    .refine(({ ordinary, large }) => ordinary <= large)
    .default({ ordinary: 2, large: 3 }),
});
export type TrustFile = z.input<typeof TrustFile>;

export interface TrustedKey extends VerifyingKey {
  readonly person: PersonId;
  readonly role: 'approver' | 'officer';
}

/** What a source signs its sealed batches with. */
export interface SourceKey {
  readonly person: PersonId;
  readonly publicKey: Uint8Array;
}

export interface Trust {
  readonly origin: string;
  readonly log: string;
  readonly keyholder: Uint8Array;
  readonly keys: ReadonlyMap<string, TrustedKey>;
  readonly sources: ReadonlyMap<string, SourceKey>;
  readonly quorum: { readonly ordinary: number; readonly large: number };
}

/**
 * First 16 hex digits of the SHA-256 of its 32 bytes: whoever names a key names exactly that key. What it is wrapped in does
 * not count, so that one key cannot be enrolled twice, bare for one person and as an SSH key for another.
 */
export const keyIdOf = (publicKey: Uint8Array): string =>
  createHash('sha256').update(publicKey).digest('hex').slice(0, 16);

/** @throws Problem trust_file_invalid */
export async function loadTrust(path: string): Promise<Trust> {
  return parseTrust(await readFile(path, 'utf8').catch(() => ''));
}

/** @throws Problem trust_file_invalid, without a word of what the file holds. */
export function parseTrust(text: string): Trust {
  try {
    const { origin, log, keyholder, people, sources: listed, quorum } = TrustFile.parse(JSON.parse(text));
    const verifier = parseVerifierKey(log);
    if (verifier.name !== origin) throw new Problem('trust_file_invalid');
    const keys = new Map(people.map(({ person, role, publicKey }) => trustedKey(person, role, publicKey)));
    const sources = new Map(
      listed.map(({ person, keyId, publicKey }) => [keyId, { person, publicKey: bytes(publicKey) }]),
    );
    // The id must be the key's own, and one key cannot speak for two people.
    const all = [...people, ...listed];
    const honest = all.every(({ keyId, publicKey }) => keyId === keyIdOf(verifyingKey(publicKey).publicKey));
    const ids = new Set(all.map(({ keyId }) => keyId));
    if (!honest || ids.size !== all.length) throw new Problem('trust_file_invalid');
    // Nor can a key of the service: an approval is a person's, and what the log or the keyholder signs is not.
    const ofTheService = new Set([keyIdOf(verifier.publicKey), keyIdOf(bytes(keyholder))]);
    if (ofTheService.size !== 2 || [...ids].some((id) => ofTheService.has(id))) {
      throw new Problem('trust_file_invalid');
    }
    return { origin, log, keyholder: bytes(keyholder), keys, sources, quorum };
  } catch {
    throw new Problem('trust_file_invalid');
  }
}

function trustedKey(person: PersonId, role: TrustedKey['role'], publicKey: string): [string, TrustedKey] {
  const key = verifyingKey(publicKey);
  return [keyIdOf(key.publicKey), { person, role, ...key }];
}

/** Of a text that `PersonKey` has passed. */
export const verifyingKey = (text: string): VerifyingKey => parseVerifyingKey(text) as VerifyingKey;

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
