import { readFile, writeFile } from 'node:fs/promises';
import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { Problem } from '../problem.js';
import { randomBytes } from '../sealing/random.js';
import { Secret } from '../sealing/secret.js';

/**
 * Service and keyholder know each other by a secret that both have, and nobody else: TLS with a pre-shared key (RFC 4279),
 * with forward secrecy (RFC 5489). Whoever can open the socket, or puts another in its place, and does not have it, is told
 * nothing and told to nobody. One suite, so that no other can be agreed on. Node has pre-shared keys in TLS 1.2 alone.
 */
const suite = { ciphers: 'ECDHE-PSK-CHACHA20-POLY1305', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const identity = 'custos/service';
const secretBytes = 32;

export const asKeyholder = (secret: Secret): TlsOptions => ({
  ...suite,
  pskCallback: (_socket, name) => (name === identity ? secret.bytes : null),
});

export const asService = (secret: Secret): ConnectionOptions => ({
  ...suite,
  pskCallback: () => ({ psk: secret.bytes, identity }),
  // There is no certificate: a server that finished the handshake has the secret.
  checkServerIdentity: () => undefined,
});

export const freshChannelSecret = (): Secret => new Secret(randomBytes(secretBytes));

/** A file of 64 hex digits, which both may read. @throws Problem setting_invalid */
export async function readChannelSecret(path: string): Promise<Secret> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (!/^[0-9a-f]{64}\s*$/.test(text)) {
    throw new Problem('setting_invalid', { issues: [{ path: 'CUSTOS_KEYHOLDER_SECRET_FILE', rule: 'unreadable' }] });
  }
  return new Secret(Buffer.from(text.trim(), 'hex'));
}

/** Makes one where there is none; an existing one is never overwritten. */
export async function makeChannelSecret(path: string): Promise<void> {
  const secret = freshChannelSecret();
  await writeFile(path, `${Buffer.from(secret.bytes).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
  secret.wipe();
}
