import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { SubjectId, type PersonId } from '../log/ids.js';
import { Problem } from '../problem.js';
import { sodiumReady } from '../sealing/sodium.js';
import type { Role } from './person.js';
import { newSigningKeyFile, readSigningKey } from './signing-key.js';
import { tokenAudience, tokenIssuer, type TokenIssuer } from './token-issuer.js';
import type { TrustFile } from './trust.js';

/** People who exist in development only. A service whom other machines can ask does not accept this issuer. */
export const devIssuer = 'custos-dev';
const tokenLifetime = '1h';

/** Of dev mode, with the public half that lies in the folder. */
export const devTokenIssuer = (jwksFile: string): TokenIssuer =>
  tokenIssuer({ issuer: devIssuer, keys: { in: 'file', file: jwksFile } });

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

/**
 * Makes the issuer and the signing keys where they are missing, and says who they are for the trust file. Keys that
 * are there stay: approvals in the log were signed with them.
 * @throws Problem usage if a file there is none of ours
 */
export async function createDevPeople(dir: string): Promise<TrustFile['people']> {
  await sodiumReady();
  const people = join(dir, 'people');
  await mkdir(people, { recursive: true, mode: 0o700 });
  // `mkdir` leaves a folder that was there as it was, open to others perhaps.
  await chmod(people, 0o700);
  await createIssuer(dir);
  return Promise.all(
    signers.map(async ([name, role]) => ({ ...(await keyOf(dir, name)), role: role as 'approver' | 'officer' })),
  );
}

/** The key of `source`, who can seal at their own end with it. After `createDevPeople`. */
export const createDevSources = async (dir: string): Promise<TrustFile['sources']> => [await keyOf(dir, 'source')];

/** Made where it is missing. */
async function keyOf(dir: string, name: string) {
  const path = signingKeyPath(dir, name);
  await writeNew(path, newSigningKeyFile(name as PersonId));
  const { person, keyId, publicKey, seed } = await readSigningKey(path, unsealed);
  seed.wipe();
  return { person, keyId, publicKey: base64(publicKey) };
}

/** These keys are as open as their folder: one that has a passphrase is none of ours. */
const unsealed = () => Promise.reject(new Problem('usage'));

export const signingKeyPath = (dir: string, name: string): string => join(dir, 'people', `${name}.key.json`);

/** A token of an hour for somebody of dev mode. @throws Problem usage for an unknown name or a folder without people. */
export async function mintDevToken(dir: string, name: string): Promise<string> {
  const role = devRoleOf(name);
  if (role === undefined) throw new Problem('usage');
  const jwk = await readIssuer(dir);
  return new SignJWT({ roles: [role] })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: jwk.kid as string })
    .setSubject(name)
    .setIssuer(devIssuer)
    .setAudience(tokenAudience)
    .setIssuedAt()
    .setExpirationTime(tokenLifetime)
    .sign(await importJWK(jwk, 'EdDSA'));
}

function devRoleOf(name: string): Role | undefined {
  if (!name.startsWith('subject:')) return Object.hasOwn(devRoles, name) ? devRoles[name] : undefined;
  return SubjectId.safeParse(name.slice('subject:'.length)).success ? 'subject' : undefined;
}

async function createIssuer(dir: string): Promise<void> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: 'dev', alg: 'EdDSA', use: 'sig' };
  await writeNew(issuerPath(dir), JSON.stringify(jwk));
  // The issuer that was first, not the one just made.
  const { d: _private, ...publicJwk } = await readIssuer(dir);
  await writeFile(join(dir, 'jwks.json'), `${JSON.stringify({ keys: [publicJwk] })}\n`, { mode: 0o600 });
}

async function readIssuer(dir: string): Promise<JWK> {
  try {
    return JSON.parse(await readFile(issuerPath(dir), 'utf8')) as JWK;
  } catch {
    // The error of a JSON parser repeats a part of the text, and this text holds a private key.
    throw new Problem('usage');
  }
}

/**
 * Writes the file whole or not at all, and never over another: a start that was cut off leaves no half key, and of
 * two starts at once both go on with the key of one.
 */
async function writeNew(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${text}\n`, { flag: 'wx', mode: 0o600 });
  try {
    await link(draft, path).catch((error: { code?: string }) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
}

const issuerPath = (dir: string) => join(dir, 'issuer.jwk');
const base64 = (value: Uint8Array) => Buffer.from(value).toString('base64');
