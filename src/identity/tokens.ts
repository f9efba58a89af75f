import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import { z } from 'zod';
import { PersonId, SubjectId } from '../log/ids.js';
import { Problem } from '../problem.js';
import { roles, type Person, type Role } from './person.js';

export const tokenAudience = 'custos';
/** Signatures only: with no HMAC in the list, a public key can never serve as the secret of one (RFC 8725 §2.1). */
const algorithms = ['EdDSA', 'ES256'];
/** RFC 8725 §3.11: a token made for something else, such as an ID token or a logout token, is none of ours. */
const types = new Set(['jwt', 'at+jwt']);
const oldestTokenSeconds = 24 * 60 * 60;
const clockToleranceSeconds = 5;
/** Below Node's limit for all headers; longer ones would only be parsed for nothing. */
export const mostTokenCharacters = 8192;

export interface TokenVerifier {
  /** @throws Problem token_invalid, one answer for every reason: a finer one would help whoever forges. */
  verify(token: string): Promise<Person>;
}

/** @throws Problem setting_invalid if the file is not a set of public keys. */
export async function tokenVerifier(options: { jwksFile: string; issuer: string }): Promise<TokenVerifier> {
  const keys = createLocalJWKSet(await readKeySet(options.jwksFile));
  return {
    async verify(token) {
      try {
        if (token.length > mostTokenCharacters) throw new Problem('token_invalid');
        const { payload, protectedHeader } = await jwtVerify(token, keys, {
          algorithms,
          issuer: options.issuer,
          audience: tokenAudience,
          requiredClaims: ['sub', 'exp', 'iat'],
          maxTokenAge: oldestTokenSeconds,
          clockTolerance: clockToleranceSeconds,
        });
        // Compared as a media type is, without regard to case (RFC 7515 §4.1.9).
        if (!types.has(String(protectedHeader.typ).toLowerCase())) throw new Problem('token_invalid');
        return personIn(payload);
      } catch {
        throw new Problem('token_invalid');
      }
    },
  };
}

const Roles = z.array(z.string()).max(100);

/** Called with claims whose signature was verified. Roles that we do not know are the identity provider's business. */
function personIn(payload: JWTPayload): Person {
  const id = PersonId.parse(payload.sub);
  const claimed = Roles.parse(payload['roles']);
  const known = new Set<Role>(roles.filter((role) => claimed.includes(role)));
  const named = id.startsWith('subject:') ? SubjectId.parse(id.slice('subject:'.length)) : undefined;
  // A subject is nothing else, and nobody else is a subject: no account can be on both sides.
  if (known.has('subject') !== (named !== undefined) || (named !== undefined && known.size !== 1)) {
    throw new Problem('token_invalid');
  }
  const { exp = 0, iat = 0 } = payload;
  const tokenExpiresAt = Math.min(exp, iat + oldestTokenSeconds) * 1000;
  return { id, roles: known, tokenExpiresAt, ...(named === undefined ? {} : { subject: named }) };
}

/** Providers publish keys of other kinds beside ours; they verify nothing here. */
const KeySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

async function readKeySet(path: string): Promise<JSONWebKeySet> {
  try {
    const set = KeySet.parse(JSON.parse(await readFile(path, 'utf8')));
    // With the private half (`d`) or a shared secret (`k`) here, whoever reads this file could make tokens.
    if (set.keys.some((key) => 'd' in key || 'k' in key)) throw new Problem('setting_invalid');
    return set as JSONWebKeySet;
  } catch {
    throw new Problem('setting_invalid', { issues: [{ path: 'CUSTOS_JWKS_FILE', rule: 'public_keys_unreadable' }] });
  }
}
