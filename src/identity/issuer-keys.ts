import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { Problem } from '../problem.js';
import type { TokenIssuer } from './token-issuer.js';

const answersWithinMs = 5000;
/** A key that the provider has withdrawn counts for so long still. Older keys than that are not believed, whatever the cost. */
export const oldestKeysMs = 10 * 60 * 1000;
/** Whoever sends unknown key ids makes us ask the provider so often, and not more. */
export const askedAgainAfterMs = 30 * 1000;

/**
 * The keys that tokens are checked with.
 *
 * From an address they are fetched when the first token comes, when they are too old, and when a token names one that we
 * do not know, which is how a provider rotates. If that fails the answer is `identity_provider_unavailable`: not a word on
 * the token, and nothing remembered, so that the next token asks again.
 * @throws Problem setting_invalid if the file holds no set of public keys, or the metadata are not to be had
 */
export async function issuerKeys({ issuer, keys }: Pick<TokenIssuer, 'issuer' | 'keys'>): Promise<JWTVerifyGetKey> {
  if (keys.in === 'file') return createLocalJWKSet(await readKeySet(keys.file));
  const url = keys.in === 'url' ? keyAddress(keys.url, 'CUSTOS_JWKS_URL') : await keyAddressOf(issuer);
  const fetched = createRemoteJWKSet(url, {
    timeoutDuration: answersWithinMs,
    cacheMaxAge: oldestKeysMs,
    cooldownDuration: askedAgainAfterMs,
  });
  return (header, token) =>
    fetched(header, token).catch((error: unknown) => {
      throw isAboutTheToken(error) ? error : new Problem('identity_provider_unavailable', {}, { cause: error });
    });
}

const isAboutTheToken = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported ||
  error instanceof errors.JWSInvalid;

/** Providers publish keys of other kinds beside ours; they verify nothing here. */
const KeySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

async function readKeySet(path: string): Promise<JSONWebKeySet> {
  try {
    const set = KeySet.parse(JSON.parse(await readFile(path, 'utf8')));
    // With the private half (`d`) or a shared secret (`k`) here, whoever reads this file could make tokens.
    if (set.keys.some((key) => 'd' in key || 'k' in key)) throw new Problem('setting_invalid');
    return set as JSONWebKeySet;
  } catch {
    throw invalid('CUSTOS_JWKS_FILE', 'public_keys_unreadable');
  }
}

const Metadata = z.looseObject({ issuer: z.string(), jwks_uri: z.string() });

/** OpenID Connect Discovery 1.0 §4. Asked once, at start: a service that does not know whom to believe does not start. */
async function keyAddressOf(issuer: string): Promise<URL> {
  const path = 'CUSTOS_TOKEN_ISSUER';
  const url = keyAddress(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, path);
  let found: z.infer<typeof Metadata>;
  try {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(answersWithinMs) });
    if (answer.status !== 200) throw new Problem('setting_invalid');
    found = Metadata.parse(await answer.json());
  } catch {
    throw invalid(path, 'metadata_unavailable');
  }
  // §4.3: exactly the same, or these are the keys of somebody else.
  if (found.issuer !== issuer) throw invalid(path, 'metadata_of_another_issuer');
  return keyAddress(found.jwks_uri, path);
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whoever is between us and the keys could make tokens: TLS, except on this machine. */
function keyAddress(text: string, path: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.has(url.hostname))) return url;
  throw invalid(path, 'https_needed');
}

const invalid = (path: string, rule: string) => new Problem('setting_invalid', { issues: [{ path, rule }] });
