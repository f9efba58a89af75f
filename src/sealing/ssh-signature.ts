import { hash } from 'node:crypto';
import { concatBytes, utf8 } from './bytes.js';
import { signatureBytes, verify } from './signature.js';
import { WireReader, wireString, wireUint32 } from './ssh-wire.js';
import { sshKeyBlob, type SshScheme, type VerifyingKey } from './verifying-key.js';

const magic = utf8('magic', 'SSHSIG');
const version = 1;
/** `ssh-keygen -Y sign` takes it unless it is told otherwise. With one hash, what is signed has one form. */
const hashName = 'sha512';

/** Flags of a FIDO assertion (WebAuthn §6.1): somebody touched the authenticator; it knows who (PIN, finger). */
const userPresent = 0x01;
const userVerified = 0x04;

/**
 * Whether `ssh-keygen -Y sign -n NAMESPACE` signed the message with this key (PROTOCOL.sshsig). False for every other
 * blob, with or without its armor; a signature has one form, so that whoever holds it cannot make a second one of it.
 *
 * Kind of key and application are those that were enrolled, and the signature must repeat them: it chooses nothing. Of a
 * FIDO key somebody must have been asked to touch it (`ssh-keygen -O no-touch-required` makes keys that do not ask).
 * Its counter is signed, and not looked at: many authenticators keep it at zero or share it between sites.
 */
export function verifySshSignature(
  { publicKey, ssh }: Required<VerifyingKey>,
  { namespace, message, signature: blob }: { namespace: string; message: Uint8Array; signature: Uint8Array },
): boolean {
  const parsed = parse(blob, { keyBlob: sshKeyBlob(publicKey, ssh), namespace, type: ssh.type });
  if (parsed === undefined) return false;
  const signed = signedData(namespace, message);
  if (ssh.type === 'ssh-ed25519') return verify(publicKey, signed, parsed.signature);
  const [flags = 0] = parsed.assertion;
  if ((flags & userPresent) === 0 || (flags & ~(userPresent | userVerified)) !== 0) return false;
  return verify(publicKey, assertedData(ssh, parsed.assertion, signed), parsed.signature);
}

/** What the authenticator signs (PROTOCOL.u2f, "SSH U2F signatures"): extensions, which flags would announce, are none. */
const assertedData = ({ application }: Extract<SshScheme, { application: string }>, assertion: Uint8Array, signed: Uint8Array) =>
  concatBytes(sha256(utf8('application', application)), assertion, sha256(signed)); // prettier-ignore

/** What the key is asked to sign, whichever it is. */
const signedData = (namespace: string, message: Uint8Array): Uint8Array =>
  concatBytes(
    magic,
    wireString(namespace),
    wireString(''),
    wireString(hashName),
    wireString(plain(hash('sha512', message, 'buffer'))),
  );

interface Expected {
  readonly keyBlob: Uint8Array;
  readonly namespace: string;
  readonly type: SshScheme['type'];
}

/** The parts of the signature that the caller does not know already: all the others must be what is expected. */
function parse(
  blob: Uint8Array,
  { keyBlob, namespace, type }: Expected,
): { signature: Uint8Array; assertion: Uint8Array } | undefined {
  const head = concatBytes(
    magic,
    wireUint32(version),
    wireString(keyBlob),
    wireString(namespace),
    wireString(''),
    wireString(hashName),
  );
  const reader = new WireReader(blob);
  if (!isSame(reader.take(head.length), head)) return undefined;
  const inner = new WireReader(reader.string() ?? new Uint8Array());
  const named = inner.string();
  const signature = inner.string();
  // Flags in one byte, and the counter in four.
  const assertion = type === 'ssh-ed25519' ? new Uint8Array() : inner.take(5);
  const isWhole = reader.isSpent && inner.isSpent && isSame(named, utf8('type', type));
  if (!isWhole || signature?.length !== signatureBytes || assertion === undefined) return undefined;
  return { signature, assertion };
}

const armor = /^-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)\n-----END SSH SIGNATURE-----\n?$/;

/** The blob in what `ssh-keygen -Y sign` prints; undefined for anything else. */
export function unarmored(text: string): Uint8Array | undefined {
  const [, lines] = armor.exec(text.replaceAll('\r\n', '\n')) ?? [];
  return lines === undefined ? undefined : plain(Buffer.from(lines, 'base64'));
}

const sha256 = (bytes: Uint8Array): Uint8Array => plain(hash('sha256', bytes, 'buffer'));
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
/** Nothing here is secret. */
const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && a.length === b.length && a.every((byte, index) => byte === b[index]);
