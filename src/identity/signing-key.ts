import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { PersonId } from '../log/ids.js';
import { Problem } from '../problem.js';
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

const SigningKeyFile = z.strictObject({
  person: PersonId,
  keyId: z.string(),
  publicKey: z.base64(),
  seed: z.base64(),
});

/**
 * Refuses a file whose parts do not belong together: a signature under another key than the file says would be
 * found out by the service only, after the person believed to have signed.
 * @throws Problem usage if the file is none of ours
 */
export async function readSigningKey(path: string): Promise<SigningKey> {
  await sodiumReady();
  try {
    const file = SigningKeyFile.parse(JSON.parse(await readFile(path, 'utf8')));
    const key = { person: file.person, ...keyOf(new Secret(bytes(file.seed))) };
    if (key.keyId !== file.keyId || base64(key.publicKey) !== file.publicKey) throw new Problem('usage');
    return key;
  } catch {
    // The error of a JSON parser repeats a part of the text, and this text holds a private key.
    throw new Problem('usage');
  }
}

/** The text of a new key's file. Await `sodiumReady` first. */
export function newSigningKeyFile(person: PersonId): string {
  const { seed } = generateSigningKey();
  try {
    const { keyId, publicKey } = keyOf(seed);
    return JSON.stringify({ person, keyId, publicKey: base64(publicKey), seed: base64(seed.bytes) });
  } finally {
    seed.wipe();
  }
}

function keyOf(seed: Secret): Omit<SigningKey, 'person'> {
  if (seed.bytes.length !== seedBytes) throw new Problem('usage');
  const publicKey = publicKeyOf(seed);
  return { keyId: keyIdOf(publicKey), publicKey, seed };
}

const base64 = (value: Uint8Array) => Buffer.from(value).toString('base64');
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));
