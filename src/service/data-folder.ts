import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDevPeople, createDevSources } from '../identity/dev-people.js';
import type { TrustFile } from '../identity/trust.js';
import { makeChannelSecret } from '../keys/keyholder-channel.js';
import { attestationKey } from '../keys/root-key.js';
import { makeRootKey, rootKeyFile } from '../keys/root-key-source.js';
import { ed25519Signer, formatVerifierKey, type NoteSigner } from '../merkle/note.js';
import { Problem } from '../problem.js';

/** Where everything of one installation is, unless settings name other places. */
export const filesOf = (dir: string) => ({
  rootKey: join(dir, 'root.key'),
  logKey: join(dir, 'log.key'),
  /** What service and keyholder know each other by, where they are two processes. */
  keyholderSecret: join(dir, 'keyholder.secret'),
  trust: join(dir, 'trust.json'),
  jwks: join(dir, 'jwks.json'),
  databasePasswords: join(dir, 'database-passwords.json'),
  postgres: join(dir, 'postgres'),
  /** Beside the database and not in it: each remembers how far the log had come. */
  checkpoint: join(dir, 'checkpoint'),
  keyholderCheckpoint: join(dir, 'keyholder-checkpoint'),
  runtime: join(dir, 'running.json'),
});

/** The name in every checkpoint. A log keeps it for life. */
export const devOrigin = 'custos.example/dev';

/**
 * Makes what a new installation needs and never touches what is there: root key, log key, the keyholder's secret and,
 * with people, a trust file. Ready to be called at every start.
 */
export async function initDataFolder(
  dir: string,
  options: Pick<TrustFile, 'origin' | 'people' | 'sources'>,
): Promise<void> {
  const files = filesOf(dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await unlessThere(makeRootKey(files.rootKey));
  await unlessThere(writeSecret(files.logKey, randomBytes(32).toString('hex')));
  await unlessThere(makeChannelSecret(files.keyholderSecret));
  const rootKeys = await rootKeyFile(files.rootKey).read();
  const signer = await readLogSigner(files.logKey, options.origin);
  const trust: TrustFile = {
    origin: options.origin,
    log: formatVerifierKey(signer.name, signer.publicKey),
    keyholder: Buffer.from(attestationKey(rootKeys)).toString('base64'),
    people: options.people,
    sources: options.sources ?? [],
    quorum: { ordinary: 2, large: 3 },
  };
  await unlessThere(writeSecret(files.trust, JSON.stringify(trust, undefined, 2)));
}

export async function initDevFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const people = await createDevPeople(dir);
  await initDataFolder(dir, { origin: devOrigin, people, sources: await createDevSources(dir) });
}

/** @throws Problem setting_invalid if the file is not 64 hex digits. */
export async function readLogSigner(path: string, origin: string): Promise<NoteSigner> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (!/^[0-9a-f]{64}\s*$/.test(text)) {
    throw new Problem('setting_invalid', { issues: [{ path: 'CUSTOS_LOG_KEY_FILE', rule: 'unreadable' }] });
  }
  return ed25519Signer(origin, Buffer.from(text.trim(), 'hex'));
}

async function writeSecret(path: string, text: string): Promise<void> {
  await writeFile(path, `${text}\n`, { flag: 'wx', mode: 0o600 });
}

async function unlessThere(made: Promise<void>): Promise<void> {
  await made.catch((error: { code?: string }) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
