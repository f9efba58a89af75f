import { Option, type Command } from 'commander';
import type { SigningKey } from '../identity/signing-key.js';
import type { Signer } from '../identity/signed-statement.js';
import { openCheckpoint } from '../merkle/checkpoint.js';
import { personIn, tokenOf, trustFilePath, withReceipts, type Globals } from './globals.js';
import { passphrase, passphraseOption } from './passphrase.js';
import type { LogKey } from './receipt.js';
import { notVerified, wrongUse } from './refusal.js';

export interface SignOptions {
  readonly key?: string;
  readonly sshKey?: string;
  readonly passphraseFile?: string;
  readonly yes?: boolean;
}

/** The options of every command that signs; what is signed is written into the log. */
export const withSignOptions = (command: Command): Command =>
  withReceipts(command)
    .option('--key <file>', 'your signing key (default: the one of --as in the data folder)')
    .addOption(
      new Option('--ssh-key <file>', 'your Ed25519 or FIDO key of OpenSSH instead: ssh-keygen signs, its agent too').conflicts('key'), // prettier-ignore
    )
    .option(...passphraseOption)
    .option('--yes', 'do not ask before signing');

/** Long enough to hand a signature in, too short to be found in a drawer. */
export const signatureLifetimeMs = 60 * 60 * 1000;

/** Whose key signs, and whose checkpoints count. Both are this side's own: the service is asked for neither. */
export async function signer(options: SignOptions, all: Globals): Promise<{ key: Signer; logKey: LogKey }> {
  const { trustedLogKey } = await import('./receipt.js');
  const key = await (options.sshKey === undefined ? ownSigner(options, all) : sshSigner(options.sshKey, all));
  return { key, logKey: await trustedLogKey(trustFilePath(all.data)) };
}

async function ownSigner(options: SignOptions, all: Globals): Promise<Signer> {
  const [{ signStatement }, key] = await Promise.all([
    import('../identity/signed-statement.js'),
    signingKey(options, all),
  ]);
  return {
    person: key.person,
    sign(type, statement) {
      const envelope = signStatement(type, statement, key);
      key.seed.wipe();
      return Promise.resolve(envelope);
    },
  };
}

/** An SSH key does not say whose it is: it signs for whoever asks, and the service knows whose it is. */
async function sshSigner(file: string, all: Globals): Promise<Signer> {
  const [{ openSshSigner }, { PersonId }] = await Promise.all([import('./ssh-signer.js'), import('../log/ids.js')]);
  const person = PersonId.safeParse(all.as ?? personIn(await tokenOf(all)));
  if (!person.success) throw wrongUse('--ssh-key', 'needs CUSTOS_TOKEN or --as: who signs');
  return openSshSigner(file, person.data);
}

/** The key in the file named, or that of whoever asks in dev mode. */
export async function signingKey(
  { key, passphraseFile }: Pick<SignOptions, 'key' | 'passphraseFile'>,
  all: Globals,
): Promise<SigningKey> {
  const [{ signingKeyPath }, { readSigningKey }, { Problem }] = await Promise.all([
    import('../identity/dev-people.js'),
    import('../identity/signing-key.js'),
    import('../problem.js'),
  ]);
  const path = key ?? (all.as === undefined ? undefined : signingKeyPath(all.data, all.as));
  if (path === undefined) throw wrongUse('--key', 'needed without --as');
  return readSigningKey(path, passphrase(passphraseFile)).catch((error: unknown) => {
    const isOurs = error instanceof Problem && (error.code !== 'usage' || error.members.issues !== undefined);
    throw isOurs ? error : wrongUse('--key', 'a signing key file of this person that can be read');
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
