import { z } from 'zod';
import { roles, type Role } from './person.js';

/**
 * Signatures only: with no HMAC in the list, a public key can never serve as the secret of one (RFC 8725 §2.1). RSA is here
 * because most providers sign with nothing else unless they are told to; it must be asked for.
 */
export const tokenAlgorithms = ['EdDSA', 'ES256', 'PS256', 'RS256'] as const;
export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

/** Who makes tokens, and how theirs are read. Configuration: whoever writes it decides who may ask. */
export interface TokenIssuer {
  /** Compared with `iss` as it is. */
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly TokenAlgorithm[];
  /** `JWT` is for providers that know no other: then what only ID tokens have is refused instead. */
  readonly type: 'at+jwt' | 'JWT';
  readonly personClaim: string;
  readonly rolesClaim: string;
  /** The provider's names for our roles. Without any, ours are expected. */
  readonly roleNames: ReadonlyMap<string, Role>;
  /** Where the public keys are: in a file, at an address, or where the issuer's own metadata says. */
  readonly keys:
    | { readonly in: 'file'; readonly file: string }
    | { readonly in: 'url'; readonly url: string }
    | { readonly in: 'metadata' };
}

export const tokenAudience = 'custos';
const ownNames = new Map<string, Role>(roles.map((role) => [role, role]));

/** With what is usual for all that is not said. */
export const tokenIssuer = (given: Pick<TokenIssuer, 'issuer' | 'keys'> & Partial<TokenIssuer>): TokenIssuer => ({
  audience: tokenAudience,
  algorithms: ['EdDSA', 'ES256'],
  type: 'at+jwt',
  personClaim: 'sub',
  rolesClaim: 'roles',
  ...given,
  roleNames: given.roleNames?.size ? given.roleNames : ownNames,
});

/** `vault-readers=researcher,vault-board=approver` */
export const RoleNames = z.string().transform((text, context): ReadonlyMap<string, Role> => {
  const pairs = text.split(',').filter((one) => one.trim() !== '').map((one) => /^\s*([^\s=](?:[^=]*[^\s=])?)\s*=\s*([a-z]+)\s*$/.exec(one)); // prettier-ignore
  const known = pairs.flatMap((pair) =>
    pair !== null && isRole(pair[2]) ? [[pair[1] as string, pair[2]] as const] : [],
  );
  // One name for two roles would be read as the last of them, and no name at all as if ours were the provider's.
  if (
    known.length === 0 ||
    known.length !== pairs.length ||
    new Set(known.map(([name]) => name)).size !== known.length
  ) {
    context.addIssue({ code: 'custom' });
    return z.NEVER;
  }
  return new Map(known);
});
const isRole = (name: string | undefined): name is Role => (roles as readonly (string | undefined)[]).includes(name);

/**
 * A claim by its name, or by a JSON pointer (RFC 6901) where it lies deeper: `/realm_access/roles`. Names that look like
 * addresses, which some providers insist on, hold dots and slashes: so neither is a path.
 */
export function claimIn(payload: Readonly<Record<string, unknown>>, named: string): unknown {
  const path = named.startsWith('/') ? named.slice(1).split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')) : [named]; // prettier-ignore
  return path.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined),
    payload,
  ); // prettier-ignore
}
