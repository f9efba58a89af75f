import { z } from 'zod';
import { RoleNames, tokenAlgorithms, tokenAudience, tokenIssuer, type TokenIssuer } from '../identity/token-issuer.js';
import type { SettingIssue } from './kafka-settings.js';

/** Whose tokens count, and how they are read (docs/operating/identity.md). */
export const tokenShape = {
  CUSTOS_TOKEN_ISSUER: z.string().min(1),
  CUSTOS_JWKS_FILE: z.string().min(1).optional(),
  CUSTOS_JWKS_URL: z.url().optional(),
  CUSTOS_TOKEN_AUDIENCE: z.string().min(1).default(tokenAudience),
  CUSTOS_TOKEN_TYPE: z.enum(['at+jwt', 'JWT']).default('at+jwt'),
  CUSTOS_TOKEN_ALGORITHMS: z
    .string()
    .transform((text) => text.split(',').map((one) => one.trim()))
    .pipe(z.array(z.enum(tokenAlgorithms)).min(1))
    .optional(),
  CUSTOS_PERSON_CLAIM: z.string().min(1).default('sub'),
  CUSTOS_ROLES_CLAIM: z.string().min(1).default('roles'),
  CUSTOS_ROLE_NAMES: RoleNames.optional(),
} as const;

/** Undefined if one of them is wrong by itself, which is told by whoever parses all. */
export function tokenSettings(given: NodeJS.ProcessEnv): {
  readonly issuer: TokenIssuer | undefined;
  readonly issues: readonly SettingIssue[];
} {
  const { data: values } = z.object(tokenShape).safeParse(given);
  if (values === undefined) return { issuer: undefined, issues: [] };
  const {
    CUSTOS_JWKS_FILE: file,
    CUSTOS_JWKS_URL: url,
    CUSTOS_TOKEN_ALGORITHMS: algorithms,
    CUSTOS_ROLE_NAMES: roleNames,
  } = values;
  const issuer = tokenIssuer({
    issuer: values.CUSTOS_TOKEN_ISSUER,
    audience: values.CUSTOS_TOKEN_AUDIENCE,
    type: values.CUSTOS_TOKEN_TYPE,
    personClaim: values.CUSTOS_PERSON_CLAIM,
    rolesClaim: values.CUSTOS_ROLES_CLAIM,
    ...(algorithms === undefined ? {} : { algorithms }),
    ...(roleNames === undefined ? {} : { roleNames }),
    keys: file !== undefined ? { in: 'file', file } : url !== undefined ? { in: 'url', url } : { in: 'metadata' },
  });
  // Of two places for keys one would be left out in silence.
  const issues = file !== undefined && url !== undefined ? [{ path: 'CUSTOS_JWKS_URL', rule: 'with CUSTOS_JWKS_FILE' }] : []; // prettier-ignore
  return { issuer, issues };
}
