import type { Command } from 'commander';
import type { SigningKey } from '../identity/signing-key.js';
import { openCheckpoint } from '../merkle/checkpoint.js';
import { trustFilePath, withReceipts, type Globals } from './globals.js';
import type { LogKey } from './receipt.js';
import { notVerified, wrongUse } from './refusal.js';

export interface SignOptions {
  readonly key?: string;
  readonly yes?: boolean;
}

/** The options of every command that signs; what is signed is written into the log. */
export const withSignOptions = (command: Command): Command =>
  withReceipts(command)
    .option('--key <file>', 'your signing key (default: the one of --as in the data folder)')
    .option('--yes', 'do not ask before signing');

/** Long enough to hand a signature in, too short to be found in a drawer. */
export const signatureLifetimeMs = 60 * 60 * 1000;

/** Whose key signs, and whose checkpoints count. Both are this side's own: the service is asked for neither. */
export async function signer(
  { key: keyFile }: Pick<SignOptions, 'key'>,
  all: Globals,
): Promise<{ key: SigningKey; logKey: LogKey }> {
  const { trustedLogKey } = await import('./receipt.js');
  const key = await signingKey(keyFile, all);
  return { key, logKey: await trustedLogKey(trustFilePath(all.data)) };
}

/** The key in the file named, or that of whoever asks in dev mode. */
export async function signingKey(file: string | undefined, all: Globals): Promise<SigningKey> {
  const { signingKeyPath, readSigningKey } = await import('../identity/dev-people.js');
  const path = file ?? (all.as === undefined ? undefined : signingKeyPath(all.data, all.as));
  if (path === undefined) throw wrongUse('--key', 'needed without --as');
  return readSigningKey(path).catch(() => {
    throw wrongUse('--key', 'a signing key file of this person that can be read');
  });
}

/** The log as the signer saw it. @throws Problem not_verified unless the log's own key signed it. */
export function openedCheckpoint(note: string, { origin, verifiers }: LogKey) {
  try {
    return openCheckpoint(note, origin, verifiers);
  } catch {
    throw notVerified(0, 'checkpoint_signature');
  }
}
