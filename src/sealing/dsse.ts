import { concatBytes, utf8 } from './bytes.js';
import type { Secret } from './secret.js';
import { sign, verify } from './signature.js';

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
  const signature = sign(seed, pae(payloadType, payload));
  return { payloadType, payload: toBase64(payload), signatures: [{ keyid: keyId, sig: toBase64(signature) }] };
}

/**
 * The payload, only if its one signature is valid under the key that `publicKeyOf` gives for its key id.
 * Stricter than DSSE: one signature, since each approval is an entry of its own; and one form of base64, so that
 * an envelope cannot be changed and stay valid. Takes anything that was parsed from JSON.
 *
 * The key id is not signed (DSSE: "MUST NOT be used for security decisions"). Where one key has two ids, whoever
 * holds the envelope can swap them: judge by the key.
 */
export function openEnvelope(
  envelope: Envelope,
  payloadType: string,
  publicKeyOf: (keyid: string) => Uint8Array | undefined,
): OpenedEnvelope {
  const parsed = parse(envelope);
  if (parsed === undefined) return { kind: 'refused', rule: 'malformed' };
  if (parsed.payloadType !== payloadType) return { kind: 'refused', rule: 'payload_type' };
  const publicKey = publicKeyOf(parsed.keyId);
  if (publicKey === undefined) return { kind: 'refused', rule: 'key_unknown' };
  const { payload, keyId, signature } = parsed;
  if (!verify(publicKey, pae(payloadType, payload), signature)) return { kind: 'refused', rule: 'signature_invalid' };
  return { kind: 'opened', payload, keyId };
}

function parse(envelope: unknown) {
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
