import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { checkBytes, equalBytes } from './checked.js';
import { MerkleError } from './merkle-error.js';

/** C2SP signed-note, "Signature types": plain Ed25519, and a timestamped cosignature (`cosignature.ts`). */
const typeBytes = { ed25519: 0x01, cosignature: 0x04 } as const;
export type SignatureType = keyof typeof typeBytes;
const publicKeyBytes = 32;
const signatureBytes = 64;
const keyIdBytes = 4;
/** A note is a handful of lines: what is longer is not one of ours, and is refused before it is read. */
const mostNoteCharacters = 64 * 1024;
const mostSignatures = 100;

/** Somebody who signs notes: `name` is the key name of the note, `sign` gives 64 bytes. */
export interface NoteSigner {
  readonly name: string;
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

export interface NoteVerifier {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Four bytes that tell keys of one name apart (C2SP signed-note, "Signatures"). A hint, never a proof. */
export function noteKeyId(name: string, publicKey: Uint8Array, type: SignatureType = 'ed25519'): Uint8Array {
  checkBytes('public key', publicKey, publicKeyBytes);
  const hash = createHash('sha256').update(`${name}\n`).update(typed(publicKey, type)).digest();
  return Uint8Array.from(hash.subarray(0, keyIdBytes));
}

/** `name+keyid+key`, as in C2SP signed-note, "Verifier keys". */
export function formatVerifierKey(name: string, publicKey: Uint8Array, type: SignatureType = 'ed25519'): string {
  if (!isKeyName(name)) throw new MerkleError('verifier_key_malformed');
  const keyId = Buffer.from(noteKeyId(name, publicKey, type)).toString('hex');
  return `${name}+${keyId}+${typed(publicKey, type).toString('base64')}`;
}

/** @throws MerkleError verifier_key_malformed for anything but the one canonical form. */
export function parseVerifierKey(text: string, type: SignatureType = 'ed25519'): NoteVerifier {
  const [, name, , key] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const bytes = key === undefined ? undefined : decodeBase64(key);
  if (name === undefined || bytes?.length !== 1 + publicKeyBytes || bytes[0] !== typeBytes[type]) {
    throw new MerkleError('verifier_key_malformed');
  }
  const publicKey = bytes.subarray(1);
  const isCanonical = isKeyName(name) && formatVerifierKey(name, publicKey, type) === text;
  if (!isCanonical) throw new MerkleError('verifier_key_malformed');
  return { name, keyId: noteKeyId(name, publicKey, type), publicKey };
}

const typed = (publicKey: Uint8Array, type: SignatureType) =>
  Buffer.concat([Uint8Array.of(typeBytes[type]), publicKey]);

/** `seed` is the 32-byte Ed25519 private key of RFC 8032. */
export function ed25519Signer(name: string, seed: Uint8Array): NoteSigner {
  checkBytes('seed', seed, 32);
  const key = privateKey(seed);
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  const publicKey = Uint8Array.from(Buffer.from(x as string, 'base64url'));
  return { name, publicKey, sign: (message) => Uint8Array.from(sign(null, message, key)) };
}

/** Signs a text of whole lines and returns the note: text, empty line, signature line. */
export function signNote(text: string, signer: NoteSigner): string {
  if (!isNoteText(text) || !isKeyName(signer.name))
    throw new TypeError('text: not whole lines without control characters');
  const signature = signer.sign(Buffer.from(text, 'utf8'));
  checkBytes('signature', signature, signatureBytes);
  return `${text}\n${signatureLine(signer.name, noteKeyId(signer.name, signer.publicKey), signature)}`;
}

export const signatureLine = (name: string, keyId: Uint8Array, signature: Uint8Array): string =>
  `— ${name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`;

/**
 * Opens a note that at least one of the given keys signed. Lines of unknown keys are ignored; a line of a known key
 * that does not verify spoils the note, since a bad signature of a key that we trust is never an accident.
 * @throws MerkleError note_refused
 */
export function openNote(note: string, verifiers: readonly NoteVerifier[]): { text: string; signedBy: string[] } {
  const { text, signatures } = parseNote(note);
  const message = Buffer.from(text, 'utf8');
  const signedBy = new Set<string>();
  for (const [verifier, signature] of ofVerifiers(signatures, verifiers)) {
    if (!verifies(verifier, message, signature)) throw new MerkleError('note_refused');
    signedBy.add(verifier.name);
  }
  if (signedBy.size === 0) throw new MerkleError('note_refused');
  return { text, signedBy: [...signedBy] };
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

/** The signatures that claim to be of these keys, each with its key. */
export const ofVerifiers = (signatures: readonly NoteSignature[], verifiers: readonly NoteVerifier[]) =>
  signatures.flatMap(({ name, keyId, signature }) => {
    const verifier = verifiers.find((one) => one.name === name && equalBytes(one.keyId, keyId));
    return verifier === undefined ? [] : [[verifier, signature] as const];
  });

/** The note without the lines of anybody else, for whoever passes it on. Nothing is verified. @throws MerkleError note_refused */
export function onlySignedBy(note: string, verifiers: readonly NoteVerifier[]): string {
  const { text, signatures } = parseNote(note);
  const kept = ofVerifiers(signatures, verifiers);
  return `${text}\n${kept.map(([{ name, keyId }, signature]) => signatureLine(name, keyId, signature)).join('')}`;
}

/** Checks the form only: no signature is verified. @throws MerkleError note_refused */
export function parseNote(note: string): { readonly text: string; readonly signatures: readonly NoteSignature[] } {
  const parsed = parsedNote(note);
  if (parsed === undefined) throw new MerkleError('note_refused');
  return parsed;
}

function parsedNote(note: string): { text: string; signatures: NoteSignature[] } | undefined {
  if (note.length > mostNoteCharacters || !note.endsWith('\n') || !note.isWellFormed()) return undefined;
  // The text ends at the last empty line: it may hold empty lines itself.
  const split = note.lastIndexOf('\n\n');
  if (split < 0) return undefined;
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  if (!isNoteText(text) || lines.length > mostSignatures) return undefined;
  const signatures = lines.map(parseSignature);
  return signatures.every((one) => one !== undefined) ? { text, signatures } : undefined;
}

function parseSignature(line: string): NoteSignature | undefined {
  const [, name, encoded] = /^— (\S+) (\S+)$/.exec(line) ?? [];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  if (name === undefined || !isKeyName(name) || bytes === undefined || bytes.length <= keyIdBytes) return undefined;
  return { name, keyId: bytes.subarray(0, keyIdBytes), signature: bytes.subarray(keyIdBytes) };
}

/** Plain Ed25519 over exactly this message. False for whatever comes from outside. */
export function verifies(verifier: NoteVerifier, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== signatureBytes) return false;
  const key = keys.get(verifier) ?? publicKeyObject(verifier.publicKey);
  keys.set(verifier, key);
  return verify(null, message, key, signature);
}

/** To make one costs an eighth of a verification (measured), and there may be millions by one verifier. */
const keys = new WeakMap<NoteVerifier, KeyObject>();

const isKeyName = (name: string) => /^[^\s+\p{Cc}]+$/u.test(name);
const isNoteText = (text: string) => text.endsWith('\n') && text.isWellFormed() && !/[^\n\P{Cc}]|\x7f/u.test(text);

/** Canonical base64 only: two texts for one value would be two notes for one signature. */
function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? Uint8Array.from(bytes) : undefined;
}

const privateKey = (seed: Uint8Array): KeyObject =>
  createPrivateKey({
    format: 'der',
    type: 'pkcs8',
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
  });

const publicKeyObject = (publicKey: Uint8Array): KeyObject =>
  createPublicKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') },
  });
