import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { tokenAudience, tokenIssuer } from '../src/identity/token-issuer.js';
import { tokenVerifier, type TokenVerifier } from '../src/identity/tokens.js';

export const issuer = 'https://issuer.example';

/** An identity provider, as far as a service or a keyholder sees one. */
export interface TestIssuer {
  readonly jwks: string;
  readonly tokens: TokenVerifier;
  /** For an hour. */
  tokenOf(person: string, role: string): Promise<string>;
  /** Whatever it is asked to sign, with its own key. */
  signed(claims: JWTPayload, header?: Partial<JWTHeaderParameters>): Promise<string>;
}

export async function testIssuer(): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const jwks = JSON.stringify({ keys: [await exportJWK(publicKey)] });
  const dir = await mkdtemp(join(tmpdir(), 'custos-issuer-'));
  try {
    const jwksFile = join(dir, 'jwks.json');
    await writeFile(jwksFile, jwks);
    const signed = (claims: JWTPayload, header: Partial<JWTHeaderParameters> = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...header }).sign(privateKey);
    return {
      jwks,
      tokens: await tokenVerifier(tokenIssuer({ issuer, keys: { in: 'file', file: jwksFile } })),
      tokenOf: (person, role) => signed(claimsOf(person, role)),
      signed,
    };
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** What a token says that is taken. */
export const claimsOf = (person: string, role: string): JWTPayload => {
  const iat = Math.floor(Date.now() / 1000);
  return { sub: person, roles: [role], iss: issuer, aud: tokenAudience, iat, exp: iat + 3600 };
};
