import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { concatBytes } from './bytes.js';
import { keyBytes } from './derive.js';
import { openFrame, sealFrame, type Binding, type SealedFormat } from './frame.js';
import { randomBytes } from './random.js';
import { Secret } from './secret.js';

/**
 * What only a passphrase opens: salt (16 bytes) ‖ frame (frame.ts) under the key that scrypt (RFC 7914) makes of both.
 *
 * The costs belong to the version and stand in no file, so that no file can ask for less, or for all the memory that
 * there is: 2^17 · 8 · 128 bytes = 128 MiB, what OWASP recommends at least.
 */
const format: SealedFormat = { name: 'custos/passphrase', version: 1 };
const costs = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };
const saltBytes = 16;

export async function sealWithPassphrase(passphrase: Secret, binding: Binding, message: Secret): Promise<Uint8Array> {
  const salt = randomBytes(saltBytes);
  const key = await stretched(passphrase, salt);
  try {
    return concatBytes(salt, sealFrame(format, key, binding, message.bytes));
  } finally {
    key.wipe();
  }
}

/** Undefined for another passphrase, and for anything that differs from what was sealed: which of both, nobody can tell. */
export async function openWithPassphrase(
  passphrase: Secret,
  binding: Binding,
  sealed: Uint8Array,
): Promise<Secret | undefined> {
  const key = await stretched(passphrase, sealed.subarray(0, saltBytes));
  try {
    const message = openFrame(format, key, binding, sealed.subarray(saltBytes));
    return message && new Secret(message);
  } finally {
    key.wipe();
  }
}

/** UTF-8 of the text in one form (NFC): "é" is typed as one character or as two, depending on the machine. */
export const passphraseFrom = (text: string): Secret => new Secret(Buffer.from(text.normalize('NFC'), 'utf8'));

const derive = promisify<Uint8Array, Uint8Array, number, typeof costs, Buffer>(scrypt);
const stretched = async (passphrase: Secret, salt: Uint8Array): Promise<Secret> =>
  new Secret(await derive(passphrase.bytes, salt, keyBytes, costs));
