import { concatBytes, utf8 } from './bytes.js';
import type { Secret } from './secret.js';
import { sign, verify } from './signature.js';
import { verifySshSignature } from './ssh-signature.js';
import type { VerifyingKey } from './verifying-key.js';

/** The JSON form of DSSE v1 (envelope.md). `payload` and `sig` are standard base64 with padding. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

export type OpenedEnvelope =
  | { readonly kind: 'opened'; readonly payload: Uint8Array; readonly keyId: string }
  | { readonly kind: 'refused'; readonly rule: 'payload_type' | 'key_unknown' | 'signature_invalid' | 'malformed' };

/**
 * What is signed (DSSE v1.0.2, protocol.md): "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body, lengths in bytes.
 * The type is inside, so a signature over one kind of statement is never one over another.
 */
export function pae(type: string, body: Uint8Array): Uint8Array {
  const typeBytes = utf8('payload type', type);
  const head = utf8('DSSE', `DSSEv1 ${typeBytes.length} `);
  return concatBytes(head, typeBytes, utf8('DSSE', ` ${body.length} `), body);
}

export function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  { keyId, seed }: { readonly keyId: string; readonly seed: Secret },
): Envelope {
  return envelopeOf(payloadType, payload, { keyId, signature: sign(seed, pae(payloadType, payload)) });
}

/** With the signature that somebody else has made over `pae(payloadType, payload)`. */
export const envelopeOf = (
  payloadType: string,
  payload: Uint8Array,
  { keyId, signature }: { readonly keyId: string; readonly signature: Uint8Array },
): Envelope => ({
  payloadType,
  payload: toBase64(payload),
  signatures: [{ keyid: keyId, sig: toBase64(signature) }],
});

/**
 * The payload, only if its one signature is valid under the key that `keyOf` gives for its key id, as that key signs.
 * Stricter than DSSE: one signature, since each approval is an entry of its own; and one form of base64, so that
 * an envelope cannot be changed and stay valid. Takes anything that was parsed from JSON.
 *
 * The key id is not signed (DSSE: "MUST NOT be used for security decisions"). Where one key has two ids, whoever
 * holds the envelope can swap them: judge by the key.
 */
export function openEnvelope(
  envelope: Envelope,
  payloadType: string,
  keyOf: (keyid: string) => VerifyingKey | undefined,
): OpenedEnvelope {
  const parsed = parse(envelope);
  if (parsed === undefined) return { kind: 'refused', rule: 'malformed' };
  if (parsed.payloadType !== payloadType) return { kind: 'refused', rule: 'payload_type' };
  const key = keyOf(parsed.keyId);
  if (key === undefined) return { kind: 'refused', rule: 'key_unknown' };
  const { payload, keyId } = parsed;
  if (!isSigned(key, parsed)) return { kind: 'refused', rule: 'signature_invalid' };
  return { kind: 'opened', payload, keyId };
}

/**
 * The one place where a scheme is chosen, and it is the key that chooses. OpenSSH's namespace is the payload type: a
 * signature that was made for anything else, a file or a commit, is none here.
 */
function isSigned({ publicKey, ssh }: VerifyingKey, { payloadType, payload, signature }: Parsed): boolean {
  const message = pae(payloadType, payload);
  if (ssh === undefined) return verify(publicKey, message, signature);
  return verifySshSignature({ publicKey, ssh }, { namespace: payloadType, message, signature });
}

interface Parsed {
  readonly payloadType: string;
  readonly keyId: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

function parse(envelope: unknown): Parsed | undefined {
  if (!isObject(envelope) || !Array.isArray(envelope.signatures) || envelope.signatures.length !== 1) return undefined;
  const [entry] = envelope.signatures as unknown[];
  if (!isObject(entry)) return undefined;
  const { payloadType } = envelope;
  const { keyid: keyId } = entry;
  const payload = fromBase64(envelope.payload);
  const signature = fromBase64(entry.sig);
  if (typeof payloadType !== 'string' || typeof keyId !== 'string' || !payload || !signature) return undefined;
  return { payloadType, keyId, payload, signature };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/** Node's decoder skips what it does not know: only a text that encodes back to itself is base64 here. */
function fromBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  return toBase64(bytes) === text ? bytes : undefined;
}
