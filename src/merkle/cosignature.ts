import { checkCount } from './checked.js';
import { MerkleError } from './merkle-error.js';
import {
  formatVerifierKey,
  noteKeyId,
  ofVerifiers,
  parseNote,
  parseVerifierKey,
  signatureLine,
  verifies,
  type NoteSigner,
  type NoteVerifier,
} from './note.js';

const timeBytes = 8;

/** Somebody whose cosignatures count: a verifier key of signature type 0x04, so none of a log passes for one. */
export interface Cosigner extends NoteVerifier {
  readonly signs: 'cosignatures';
}

/** That `name` had seen no larger tree of this log, and none that this one does not continue. */
export interface Cosignature {
  readonly name: string;
  /** Epoch seconds, by the cosigner's clock. */
  readonly at: number;
}

/** `name+keyid+key` of signature type 0x04 (C2SP tlog-cosignature, "Format"). */
export const formatCosignerKey = (name: string, publicKey: Uint8Array): string =>
  formatVerifierKey(name, publicKey, 'cosignature');

/** @throws MerkleError verifier_key_malformed for anything but the one canonical form. */
export const parseCosignerKey = (text: string): Cosigner => ({
  ...parseVerifierKey(text, 'cosignature'),
  signs: 'cosignatures',
});

/**
 * The signature line of a cosigner on a checkpoint (C2SP tlog-cosignature, `cosignature/v1`), to be put behind the
 * note. Nothing about the note is checked: whoever cosigns has verified it.
 * @param at epoch seconds
 */
export function cosign(note: string, signer: NoteSigner, at: number): string {
  checkCount('at', at);
  const time = Buffer.alloc(timeBytes);
  time.writeBigUInt64BE(BigInt(at));
  const signature = signer.sign(cosignedMessage(parseNote(note).text, at));
  const keyId = noteKeyId(signer.name, signer.publicKey, 'cosignature');
  return signatureLine(signer.name, keyId, Buffer.concat([time, signature]));
}

/**
 * Who of these cosigned the note, each once with its latest time. Lines of others are ignored; one of theirs that does
 * not verify spoils the note, as with `openNote`.
 * @throws MerkleError note_refused
 */
export function cosignaturesOn(note: string, cosigners: readonly Cosigner[]): Cosignature[] {
  const { text, signatures } = parseNote(note);
  const latest = new Map<NoteVerifier, number>();
  for (const [cosigner, stamped] of ofVerifiers(signatures, cosigners)) {
    const at = cosignedAt(cosigner, text, stamped);
    if (at === undefined) throw new MerkleError('note_refused');
    latest.set(cosigner, Math.max(at, latest.get(cosigner) ?? 0));
  }
  return [...latest].map(([{ name }, at]) => ({ name, at }));
}

function cosignedAt(cosigner: NoteVerifier, text: string, stamped: Uint8Array): number | undefined {
  if (stamped.length <= timeBytes) return undefined;
  const at = Number(Buffer.from(stamped).readBigUInt64BE());
  if (!Number.isSafeInteger(at)) return undefined;
  return verifies(cosigner, cosignedMessage(text, at), stamped.subarray(timeBytes)) ? at : undefined;
}

const cosignedMessage = (text: string, at: number) => Buffer.from(`cosignature/v1\ntime ${at}\n${text}`, 'utf8');
