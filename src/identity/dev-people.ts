import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { z } from 'zod';
import { PersonId, SubjectId } from '../log/ids.js';
import { Problem } from '../problem.js';
import { Secret } from '../sealing/secret.js';
import { generateSigningKey } from '../sealing/signature.js';
import { sodiumReady } from '../sealing/sodium.js';
import type { Role } from './person.js';
import { tokenAudience } from './tokens.js';
import { keyIdOf, type TrustFile } from './trust.js';

/** People who exist in development only. The service accepts this issuer with `--dev` alone. */
export const devIssuer = 'custos-dev';
const tokenLifetime = '1h';

const devRoles: Readonly<Record<string, Role>> = {
  source: 'source',
  researcher: 'researcher',
  researcher2: 'researcher',
  approver1: 'approver',
  approver2: 'approver',
  approver3: 'approver',
  officer1: 'officer',
  officer2: 'officer',
  officer3: 'officer',
  auditor: 'auditor',
};
const signers = Object.entries(devRoles).filter(([, role]) => role === 'approver' || role === 'officer');

const SigningKeyFile = z.strictObject({
  person: PersonId,
  keyId: z.string(),
  publicKey: z.base64(),
  seed: z.base64(),
});

export interface SigningKey {
  readonly person: PersonId;
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  readonly seed: Secret;
}

/** Makes the issuer and the signing keys where they are missing, and says who they are for the trust file. */
export async function createDevPeople(dir: string): Promise<TrustFile['people']> {
  await sodiumReady();
  await mkdir(join(dir, 'people'), { recursive: true, mode: 0o700 });
  await createIssuer(dir);
  return Promise.all(
    signers.map(async ([name, role]) => {
      const path = signingKeyPath(dir, name);
      await createSigningKey(path, name as PersonId);
      const { person, keyId, publicKey } = await readSigningKey(path);
      return { person, role: role as 'approver' | 'officer', keyId, publicKey: base64(publicKey) };
    }),
  );
}

export const signingKeyPath = (dir: string, name: string): string => join(dir, 'people', `${name}.key.json`);

/** @throws Problem usage if the file is none of ours. */
export async function readSigningKey(path: string): Promise<SigningKey> {
  await sodiumReady();
  try {
    const { person, keyId, publicKey, seed } = SigningKeyFile.parse(JSON.parse(await readFile(path, 'utf8')));
    return { person, keyId, publicKey: bytes(publicKey), seed: new Secret(bytes(seed)) };
  } catch {
    throw new Problem('usage');
  }
}

/** A token of an hour for somebody of dev mode. @throws Problem usage for an unknown name or a folder without people. */
export async function mintDevToken(dir: string, name: string): Promise<string> {
  const subject = name.startsWith('subject:');
  const role = subject ? 'subject' : Object.hasOwn(devRoles, name) ? devRoles[name] : undefined;
  if (role === undefined || (subject && !SubjectId.safeParse(name.slice('subject:'.length)).success)) {
    throw new Problem('usage');
  }
  const jwk = await readFile(issuerPath(dir), 'utf8').then(
    (text) => JSON.parse(text) as JWK,
    () => {
      throw new Problem('usage');
    },
  );
  return new SignJWT({ roles: [role] })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: jwk.kid as string })
    .setSubject(name)
    .setIssuer(devIssuer)
    .setAudience(tokenAudience)
    .setIssuedAt()
    .setExpirationTime(tokenLifetime)
    .sign(await importJWK(jwk, 'EdDSA'));
}

async function createIssuer(dir: string): Promise<void> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: 'dev', alg: 'EdDSA', use: 'sig' };
  await writeNew(issuerPath(dir), JSON.stringify(jwk));
  const { d: _private, ...publicJwk } = JSON.parse(await readFile(issuerPath(dir), 'utf8')) as JWK;
  await writeFile(join(dir, 'jwks.json'), JSON.stringify({ keys: [publicJwk] }), { mode: 0o600 });
}

async function createSigningKey(path: string, person: PersonId): Promise<void> {
  const { publicKey, seed } = generateSigningKey();
  const file = { person, keyId: keyIdOf(publicKey), publicKey: base64(publicKey), seed: base64(seed.bytes) };
  await writeNew(path, JSON.stringify(file));
  seed.wipe();
}

async function writeNew(path: string, text: string): Promise<void> {
  await writeFile(path, `${text}\n`, { flag: 'wx', mode: 0o600 }).catch((error: { code?: string }) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

const issuerPath = (dir: string) => join(dir, 'issuer.jwk');
const base64 = (value: Uint8Array) => Buffer.from(value).toString('base64');
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));
