import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import { PersonId, SubjectId } from '../log/ids.js';
import { Problem } from '../problem.js';
import { roles, type Person, type Role } from './person.js';

export const tokenAudience = 'custos';
const algorithms = ['EdDSA', 'ES256'];
const types = new Set(['jwt', 'at+jwt']);
const oldestToken = '24h';
const clockToleranceSeconds = 5;

export interface TokenVerifier {
  /** @throws Problem token_invalid, one answer for every reason: a finer one would help whoever forges. */
  verify(token: string): Promise<Person>;
}

export async function tokenVerifier(options: { jwksFile: string; issuer: string }): Promise<TokenVerifier> {
  const keys = createLocalJWKSet(await readKeySet(options.jwksFile));
  return {
    async verify(token) {
      try {
        const { payload, protectedHeader } = await jwtVerify(token, keys, {
          algorithms,
          issuer: options.issuer,
          audience: tokenAudience,
          requiredClaims: ['sub', 'exp', 'iat'],
          maxTokenAge: oldestToken,
          clockTolerance: clockToleranceSeconds,
        });
        if (!types.has(String(protectedHeader.typ).toLowerCase())) throw new Problem('token_invalid');
        return personIn(payload);
      } catch {
        throw new Problem('token_invalid');
      }
    },
  };
}

function personIn(payload: JWTPayload): Person {
  const id = PersonId.parse(payload.sub);
  const claimed = Array.isArray(payload['roles']) ? payload['roles'] : [];
  const known = new Set<Role>(roles.filter((role) => claimed.includes(role)));
  const named = id.startsWith('subject:') ? SubjectId.parse(id.slice('subject:'.length)) : undefined;
  // A subject is nothing else, and nobody else is a subject: no account can be on both sides.
  if (known.has('subject') !== (named !== undefined) || (named !== undefined && known.size !== 1)) {
    throw new Problem('token_invalid');
  }
  return { id, roles: known, ...(named === undefined ? {} : { subject: named }) };
}

async function readKeySet(path: string): Promise<JSONWebKeySet> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as JSONWebKeySet;
  } catch {
    throw new Problem('setting_invalid', { issues: [{ path: 'CUSTOS_JWKS_FILE', rule: 'unreadable' }] });
  }
}
