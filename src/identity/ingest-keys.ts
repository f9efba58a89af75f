import { createHmac, timingSafeEqual } from 'node:crypto';
import { Map as PersistentMap } from 'immutable';
import { z } from 'zod';
import type { Slice, SliceKey } from '../log/governance.js';
import { PersonId, type Position } from '../log/ids.js';
import { Problem } from '../problem.js';
import { encodeCanonical } from '../sealing/canonical.js';
import type { ActKind, Objection } from './act.js';
import { authorityKey, enforcedBy } from './authority.js';
import type { Person } from './person.js';
import type { TokenVerifier } from './tokens.js';

/**
 * What a source sends with where no identity provider gives it tokens. Officers admit it by an act, which holds an HMAC
 * and no secret; whoever has the secret may ingest as that source, and nothing else.
 *
 *   custos-ingest.8d0f9a2b11c43e57.q3…      key id, then 32 random bytes in base64url
 */
export interface IngestKey {
  readonly source: PersonId;
  /** Hex. */
  readonly mac: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly revokedAt?: Position;
}
export type IngestKeys = PersistentMap<string, IngestKey>;

export const ingestKeyPrefix = 'custos-ingest.';
const form = /^custos-ingest\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/;
export const ingestKeyText = (keyId: string, secret: Uint8Array): string =>
  `${ingestKeyPrefix}${keyId}.${Buffer.from(secret).toString('base64url')}`;

interface About {
  readonly origin: string;
  readonly keyId: string;
  readonly source: PersonId;
}

/**
 * What the log keeps of a secret: HMAC-SHA-256 with the secret for its key, over log, key id and source. Of 32 random
 * bytes nobody finds the secret by trying; and it is of no use for another source, or in another log.
 */
export const ingestMac = (secret: Uint8Array, { origin, keyId, source }: About): Uint8Array =>
  createHmac('sha256', secret).update(encodeCanonical({ format: 'custos/ingest-key/v1', keyId, origin, source })).digest(); // prettier-ignore

const KeyId = z.string().regex(/^[0-9a-f]{16}$/);
/** As a signing key: looked at again at least so often. */
const longestKeyMs = 400 * 24 * 3600 * 1000;

const Issue = z.strictObject({
  keyId: KeyId,
  source: PersonId.refine((id) => !id.startsWith('subject:')),
  mac: z.string().regex(/^[0-9a-f]{64}$/),
  /** Epoch milliseconds. */
  expiresAt: z.int().min(0),
});
const Revoke = z.strictObject({ keyId: KeyId });

export const ingestKeysKey: SliceKey<IngestKeys> = { slice: 'ingestKeys' };

export const ingestKeyActs: readonly ActKind[] = [
  {
    kind: 'ingest-key.issue',
    body: Issue,
    signers: ({ quorum }) => quorum.ordinary,
    objection: (body, head) => objectionOf(issued(head.of(ingestKeysKey), Issue.parse(body), head.at)),
  },
  {
    kind: 'ingest-key.revoke',
    body: Revoke,
    // Narrowing takes one: a stolen key must stop counting at once.
    signers: () => 1,
    objection: (body, head) => objectionOf(revoked(head.of(ingestKeysKey), Revoke.parse(body), head.size as Position)),
  },
];

type KeyRule = 'key_known' | 'key_expiry_too_far' | 'key_expired' | 'key_not_enrolled';
const objectionOf = (folded: IngestKeys | KeyRule): Objection | undefined =>
  typeof folded === 'string' ? { code: 'key_refused', rules: [folded] } : undefined;

export const ingestKeysSlice: Slice<IngestKeys> = {
  key: ingestKeysKey,
  empty: PersistentMap(),
  evolve(keys, { position }, of) {
    const authority = of(authorityKey);
    const [issue, revoke] = ['ingest-key.issue', 'ingest-key.revoke'].map((kind) =>
      enforcedBy(authority, position, kind),
    );
    const folded =
      issue !== undefined
        ? issued(keys, Issue.parse(issue.body), issue.at)
        : revoke !== undefined
          ? revoked(keys, Revoke.parse(revoke.body), position)
          : keys;
    return typeof folded === 'string' ? keys : folded;
  },
};

function issued(keys: IngestKeys, { keyId, ...key }: z.infer<typeof Issue>, at: number): IngestKeys | KeyRule {
  // Not even a revoked one comes back.
  if (keys.has(keyId)) return 'key_known';
  if (key.expiresAt > at + longestKeyMs) return 'key_expiry_too_far';
  return key.expiresAt <= at ? 'key_expired' : keys.set(keyId, key);
}

function revoked(keys: IngestKeys, { keyId }: z.infer<typeof Revoke>, position: Position): IngestKeys | KeyRule {
  const key = keys.get(keyId);
  return key === undefined || key.revokedAt !== undefined
    ? 'key_not_enrolled'
    : keys.set(keyId, { ...key, revokedAt: position });
}

/**
 * The source whose key it is, with the role source and no other. One answer for whatever is wrong, and one way to it: an
 * unknown key takes the same HMAC and the same comparison.
 * @param current the keys at the head, read for each token
 */
export const ingestKeyVerifier = (origin: string, current: () => Promise<IngestKeys>): TokenVerifier => ({
  async verify(token): Promise<Person> {
    const [, keyId = '', secret = ''] = form.exec(token) ?? [];
    const key = (await current()).get(keyId) ?? unknown;
    const mac = ingestMac(Buffer.from(secret, 'base64url'), { origin, keyId, source: key.source });
    const isSame = timingSafeEqual(mac, Buffer.from(key.mac, 'hex'));
    if (!isSame || key === unknown || key.revokedAt !== undefined || Date.now() >= key.expiresAt) {
      throw new Problem('token_invalid');
    }
    return { id: key.source, roles: new Set(['source']), tokenExpiresAt: key.expiresAt };
  },
});
const unknown: IngestKey = { source: 'nobody' as PersonId, mac: '0'.repeat(64), expiresAt: 0 };

/** Whose tokens these are is said by their beginning: no token of a provider begins like a key, and no key is a JWT. */
export const eitherVerifier = (tokens: TokenVerifier, ingestKeys: TokenVerifier): TokenVerifier => ({
  verify: (token) => (token.startsWith(ingestKeyPrefix) ? ingestKeys : tokens).verify(token),
});
