import { jwtVerify, type JWTPayload } from 'jose';
import { z } from 'zod';
import { PersonId, SubjectId } from '../log/ids.js';
import { Problem } from '../problem.js';
import { issuerKeys } from './issuer-keys.js';
import type { Person, Role } from './person.js';
import { claimIn, type TokenIssuer } from './token-issuer.js';

const oldestTokenSeconds = 24 * 60 * 60;
const clockToleranceSeconds = 5;
/** Below Node's limit for all headers; longer ones would only be parsed for nothing. */
export const mostTokenCharacters = 8192;
/** What ID tokens and logout tokens have, and access tokens do not: looked at only where the type does not tell. */
const notOfAccessTokens = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'];

export interface TokenVerifier {
  /**
   * @throws Problem token_invalid, one answer for every reason: a finer one would help whoever forges. And
   * identity_provider_unavailable, which says nothing on the token.
   */
  verify(token: string): Promise<Person>;
}

/** @throws Problem setting_invalid, as `issuerKeys` does. */
export async function tokenVerifier(from: TokenIssuer): Promise<TokenVerifier> {
  const keys = await issuerKeys(from);
  return {
    async verify(token) {
      try {
        if (token.length > mostTokenCharacters) throw new Problem('token_invalid');
        // Of the header only `alg`, `kid` and `typ` are looked at: no key, and no address of one, comes with a token.
        const { payload, protectedHeader } = await jwtVerify(token, keys, {
          algorithms: [...from.algorithms],
          issuer: from.issuer,
          audience: from.audience,
          requiredClaims: ['sub', 'exp', 'iat'],
          maxTokenAge: oldestTokenSeconds,
          clockTolerance: clockToleranceSeconds,
        });
        requireAccessToken(from, protectedHeader.typ, payload);
        return personIn(payload, from);
      } catch (error) {
        if (error instanceof Problem && error.code === 'identity_provider_unavailable') throw error;
        throw new Problem('token_invalid');
      }
    },
  };
}

/** RFC 8725 §3.11: a token made for something else, such as an ID token or a logout token, is none of ours. */
function requireAccessToken({ type }: TokenIssuer, typ: string | undefined, payload: JWTPayload): void {
  // Compared as a media type is, without regard to case (RFC 7515 §4.1.9; RFC 9068 §4).
  const said = String(typ)
    .toLowerCase()
    .replace(/^application\//, '');
  const holds = said === 'at+jwt' || (type === 'JWT' && said === 'jwt' && !notOfAccessTokens.some((name) => name in payload)); // prettier-ignore
  if (!holds) throw new Problem('token_invalid');
}

const Roles = z.array(z.string()).max(1000);

/** Called with claims whose signature was verified. Roles that we do not know are the identity provider's business. */
function personIn(payload: JWTPayload, { personClaim, rolesClaim, roleNames }: TokenIssuer): Person {
  const id = PersonId.parse(claimIn(payload, personClaim));
  const claimed = Roles.parse(claimIn(payload, rolesClaim));
  const known = new Set<Role>(claimed.flatMap((name) => roleNames.get(name) ?? []));
  const named = id.startsWith('subject:') ? SubjectId.parse(id.slice('subject:'.length)) : undefined;
  // A subject is nothing else, and nobody else is a subject: no account can be on both sides.
  if (known.has('subject') !== (named !== undefined) || (named !== undefined && known.size !== 1)) {
    throw new Problem('token_invalid');
  }
  const { exp = 0, iat = 0 } = payload;
  const tokenExpiresAt = Math.min(exp, iat + oldestTokenSeconds) * 1000;
  return { id, roles: known, tokenExpiresAt, ...(named === undefined ? {} : { subject: named }) };
}
