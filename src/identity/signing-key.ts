import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { PersonId } from '../log/ids.js';
import { Problem } from '../problem.js';
import { openWithPassphrase, sealWithPassphrase } from '../sealing/passphrase.js';
import { Secret } from '../sealing/secret.js';
import { generateSigningKey, publicKeyOf, seedBytes } from '../sealing/signature.js';
import { sodiumReady } from '../sealing/sodium.js';
import { keyIdOf } from './trust.js';

/** A person's own key, which signs approvals. It lies with the person; the trust file has its public half. */
export interface SigningKey {
  readonly person: PersonId;
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  readonly seed: Secret;
}

/**
 * What stands in the clear is bound to what is sealed: another person's name on it is a wrong passphrase.
 *
 *   {"person":"ann","keyId":"8d0f…","publicKey":"…","sealedSeed":"…"}        (or "seed", which anybody can use)
 */
const open = { person: PersonId, keyId: z.string(), publicKey: z.base64() };
const SigningKeyFile = z.union([
  z.strictObject({ ...open, seed: z.base64() }),
  z.strictObject({ ...open, sealedSeed: z.base64() }),
]);

/** Asked only for a key that is sealed. The secret is wiped after use. */
export type AskPassphrase = () => Promise<Secret>;

/**
 * Refuses a file whose parts do not belong together: a signature under another key than the file says would be
 * found out by the service only, after the person believed to have signed.
 * @throws Problem usage if the file is none of ours; passphrase_wrong; and whatever `passphrase` throws
 */
export async function readSigningKey(path: string, passphrase: AskPassphrase): Promise<SigningKey> {
  await sodiumReady();
  const file = await parsed(path);
  const seed = 'seed' in file ? new Secret(bytes(file.seed)) : await opened(file, await passphrase());
  const key = { person: file.person, ...keyOf(seed) };
  if (key.keyId !== file.keyId || base64(key.publicKey) !== file.publicKey) throw new Problem('usage');
  return key;
}

async function parsed(path: string): Promise<z.infer<typeof SigningKeyFile>> {
  try {
    return SigningKeyFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // The error of a JSON parser repeats a part of the text, and this text holds a private key.
    throw new Problem('usage');
  }
}

async function opened(
  { sealedSeed, ...binding }: { person: PersonId; keyId: string; publicKey: string; sealedSeed: string },
  passphrase: Secret,
): Promise<Secret> {
  try {
    const seed = await openWithPassphrase(passphrase, binding, bytes(sealedSeed));
    if (seed === undefined) throw new Problem('passphrase_wrong');
    return seed;
  } finally {
    passphrase.wipe();
  }
}

/** The text of a new key's file, which whoever reads it can sign with. Await `sodiumReady` first. */
export function newSigningKeyFile(person: PersonId): string {
  const { file, seed } = newKey(person);
  const text = JSON.stringify({ ...file, seed: base64(seed.bytes) });
  seed.wipe();
  return text;
}

/** The same, of use with the passphrase only. It is wiped. */
export async function newSealedKeyFile(person: PersonId, passphrase: Secret): Promise<string> {
  const { file, seed } = newKey(person);
  try {
    return JSON.stringify({ ...file, sealedSeed: base64(await sealWithPassphrase(passphrase, file, seed)) });
  } finally {
    seed.wipe();
    passphrase.wipe();
  }
}

function newKey(person: PersonId) {
  const { keyId, publicKey, seed } = keyOf(generateSigningKey().seed);
  return { file: { person, keyId, publicKey: base64(publicKey) }, seed };
}

function keyOf(seed: Secret): Omit<SigningKey, 'person'> {
  if (seed.bytes.length !== seedBytes) throw new Problem('usage');
  const publicKey = publicKeyOf(seed);
  return { keyId: keyIdOf(publicKey), publicKey, seed };
}

const base64 = (value: Uint8Array) => Buffer.from(value).toString('base64');
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));
