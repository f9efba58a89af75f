import { publicKeyBytes } from './signature.js';
import { WireReader, wireString } from './ssh-wire.js';

/** What verifies: an Ed25519 key, and how it is used to sign, which whoever enrolled it has said for good. */
export interface VerifyingKey {
  /** 32 bytes, Ed25519, whatever stands around it: two wrappings of one key are one key. */
  readonly publicKey: Uint8Array;
  /** It signs as OpenSSH does, and only so. Without it: the bare Ed25519 of `sign`, and only that. */
  readonly ssh?: SshScheme;
}

export type SshScheme =
  | { readonly type: 'ssh-ed25519' }
  /** A FIDO authenticator, asked through OpenSSH: `application` is what it takes for the site's name. */
  | { readonly type: 'sk-ssh-ed25519@openssh.com'; readonly application: string };

/** Of `ssh-keygen` (default: `ssh:`). Keys of other applications were made for a web site, which may ask for signatures. */
const application = /^ssh:[\x21-\x7e]{0,60}$/;

/**
 * A key in the one text that it has: 32 bytes in base64, or a public line of OpenSSH without its comment.
 *
 *   ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA…      sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5…
 *
 * Undefined for anything else, other kinds of SSH keys and other spellings included.
 */
export function parseVerifyingKey(text: string): VerifyingKey | undefined {
  const [type, blob] = text.includes(' ') ? [text.slice(0, text.indexOf(' ')), text.slice(text.indexOf(' ') + 1)] : [undefined, text]; // prettier-ignore
  const bytes = new Uint8Array(Buffer.from(blob, 'base64'));
  const key = type === undefined ? bareKey(bytes) : sshKey(bytes);
  return key !== undefined && formatVerifyingKey(key) === text ? key : undefined;
}

export function formatVerifyingKey(key: VerifyingKey): string {
  if (key.ssh === undefined) return base64(key.publicKey);
  return `${key.ssh.type} ${base64(sshKeyBlob(key.publicKey, key.ssh))}`;
}

/** RFC 8709 §4; PROTOCOL.u2f of OpenSSH, "SSH U2F Key formats". */
export const sshKeyBlob = (publicKey: Uint8Array, scheme: SshScheme): Uint8Array =>
  Buffer.concat([
    wireString(scheme.type),
    wireString(publicKey),
    ...(scheme.type === 'ssh-ed25519' ? [] : [wireString(scheme.application)]),
  ]);

const bareKey = (publicKey: Uint8Array): VerifyingKey | undefined =>
  publicKey.length === publicKeyBytes ? { publicKey } : undefined;

function sshKey(blob: Uint8Array): VerifyingKey | undefined {
  const reader = new WireReader(blob);
  const [type, publicKey] = [textOf(reader.string()), reader.string()];
  if (publicKey?.length !== publicKeyBytes) return undefined;
  if (type === 'ssh-ed25519') return { publicKey, ssh: { type } };
  const named = textOf(reader.string());
  if (type !== 'sk-ssh-ed25519@openssh.com' || !application.test(named)) return undefined;
  return { publicKey, ssh: { type, application: named } };
}

const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('latin1');
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
