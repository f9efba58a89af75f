import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { tokenAudience, tokenIssuer } from '../src/identity/token-issuer.js';
import { tokenVerifier, type TokenVerifier } from '../src/identity/tokens.js';

export const issuer = 'https://issuer.example';

/** An identity provider, as far as a service or a keyholder sees one. */
export interface TestIssuer {
  readonly jwks: string;
  readonly tokens: TokenVerifier;
  /** For an hour. */
  tokenOf(person: string, role: string): Promise<string>;
}

export async function testIssuer(): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const jwks = JSON.stringify({ keys: [await exportJWK(publicKey)] });
  const dir = await mkdtemp(join(tmpdir(), 'custos-issuer-'));
  try {
    const jwksFile = join(dir, 'jwks.json');
    await writeFile(jwksFile, jwks);
    const tokenOf = (person: string, role: string) =>
      new SignJWT({ roles: [role] })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
        .setSubject(person)
        .setIssuer(issuer)
        .setAudience(tokenAudience)
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey);
    return {
      jwks,
      tokens: await tokenVerifier(tokenIssuer({ issuer, keys: { in: 'file', file: jwksFile } })),
      tokenOf,
    };
  } finally {
    await rm(dir, { recursive: true });
  }
}
