import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Problem } from '../problem.js';
import { deriveSigningSeed } from '../sealing/subject-key.js';
import { Secret } from '../sealing/secret.js';
import { publicKeyOf } from '../sealing/signature.js';

const rootKeyBytes = 32;
const attestPurpose = 'keyholder attestation';

/** Reads the root key: 64 hex digits in a file that only the keyholder may read. */
export async function readRootKey(path: string): Promise<Secret> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (!/^[0-9a-f]{64}\s*$/.test(text)) throw new Problem('root_key_missing');
  return new Secret(Buffer.from(text.trim(), 'hex'));
}

/** Makes a root key where there is none; an existing one is never overwritten. */
export async function makeRootKey(path: string): Promise<void> {
  await writeFile(path, `${randomBytes(rootKeyBytes).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
}

/** The keyholder's own signing key follows from the root key: there is no second secret to keep. */
export const attestationSeed = (rootKey: Secret): Secret => deriveSigningSeed(rootKey, attestPurpose);
export const attestationKey = (rootKey: Secret): Uint8Array => publicKeyOf(attestationSeed(rootKey));
