import { z } from 'zod';
import type { PersonId } from '../log/ids.js';
import { openEnvelope, signEnvelope, type Envelope } from '../sealing/dsse.js';
import type { VerifyingKey } from '../sealing/verifying-key.js';

/** What a person signs, in the one encoding of its schema: JSON without white space, keys in the schema's order. */
export interface StatementType<S> {
  readonly payloadType: string;
  readonly schema: z.ZodType<S>;
}

/** Somebody who can sign: with a key that is read and wiped, or with one that OpenSSH keeps. */
export interface Signer {
  readonly person: PersonId;
  /** Once: it holds no key afterwards. */
  sign<S>(type: StatementType<S>, statement: S): Promise<Envelope>;
}

export function encodeStatement<S>({ schema }: StatementType<S>, statement: S): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(schema.parse(statement)));
}

export const signStatement = <S>(
  type: StatementType<S>,
  statement: S,
  key: Parameters<typeof signEnvelope>[2],
): Envelope => signEnvelope(type.payloadType, encodeStatement(type, statement), key);

/** Undefined unless the bytes are the one encoding of a statement. Call it with authenticated bytes only. */
export function decodeStatement<S>(type: StatementType<S>, payload: Uint8Array): S | undefined {
  const parsed = type.schema.safeParse(
    parseJson(() => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload)),
  );
  if (!parsed.success) return undefined;
  const canonical = encodeStatement(type, parsed.data);
  const same = canonical.length === payload.length && canonical.every((byte, index) => byte === payload[index]);
  return same ? parsed.data : undefined;
}

const mostEnvelopeChars = 8192;

/**
 * A DSSE envelope as it is sent: its form only, the signature is checked where its subject is known. One
 * signature: with two, whose it is would depend on which one is looked at first.
 */
export const EnvelopeBody = z.strictObject({
  payloadType: z.string().max(200),
  payload: z.string().max(4096),
  // OpenSSH's repeats key, application and namespace: 450 characters with the longest that we take.
  signatures: z.array(z.strictObject({ keyid: z.string().max(200), sig: z.string().max(600) })).length(1),
});

export type OpenedStatement<S> =
  | { readonly kind: 'opened'; readonly statement: S; readonly keyId: string }
  | { readonly kind: 'refused'; readonly rule: EnvelopeRule };
export type EnvelopeRule = 'malformed' | 'payload_type' | 'key_unknown' | 'signature_invalid';

/** Checks the form and the signature and nothing else. Total: `envelope` may be anything that a row can hold. */
export function openStatement<S>(
  type: StatementType<S>,
  envelope: string | Envelope,
  keyOf: (keyId: string) => VerifyingKey | undefined,
): OpenedStatement<S> {
  const parsed = EnvelopeBody.safeParse(typeof envelope === 'string' ? parseEnvelope(envelope) : envelope);
  if (!parsed.success) return { kind: 'refused', rule: 'malformed' };
  const opened = openEnvelope(parsed.data, type.payloadType, keyOf);
  if (opened.kind === 'refused') return opened;
  const statement = decodeStatement(type, opened.payload);
  if (statement === undefined) return { kind: 'refused', rule: 'malformed' };
  return { kind: 'opened', statement, keyId: opened.keyId };
}

/** The envelope's text as it stands in the log: its three members, so that nothing else rides along. */
export const envelopeText = ({ payloadType, payload, signatures }: Envelope): string =>
  JSON.stringify({ payloadType, payload, signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig })) });

export const parseEnvelope = (text: string): unknown =>
  text.length <= mostEnvelopeChars ? parseJson(() => text) : undefined;

function parseJson(text: () => string): unknown {
  try {
    return JSON.parse(text());
  } catch {
    return undefined; // No schema takes undefined.
  }
}
