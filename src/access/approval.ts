import { z } from 'zod';
import { PersonId, RequestId } from '../log/ids.js';
import { openEnvelope, signEnvelope, type Envelope } from '../sealing/dsse.js';

/**
 * What an approver signs. It names everything that the signature is about, so that it says nothing anywhere
 * else: this request of this log, as it was when its scope, the policy and the log were shown.
 *
 *   {"approver":"approver1","checkpoint":{"root":"5f…","size":42},"expiresAt":1767225600000,"nonce":"0c…",
 *    "origin":"custos.example/log","policyHash":"9a…","request":"6a4d…","scopeHash":"e3…","type":"custos.approval.v1"}
 */
export type ApprovalStatement = z.infer<typeof ApprovalStatement>;

export const approvalPayloadType = 'application/vnd.custos.approval+json';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
export const ApprovalStatement = z.strictObject({
  approver: PersonId,
  /** The log as the approver saw it. */
  checkpoint: z.strictObject({ root: hash, size: z.int().min(0) }),
  /** Epoch milliseconds until which the signature may be handed in. */
  expiresAt: z.int().min(0),
  /** 16 random bytes. */
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  origin: z.string().min(1).max(256),
  policyHash: hash,
  request: RequestId,
  scopeHash: hash,
  type: z.literal('custos.approval.v1'),
});

export const signApproval = (statement: ApprovalStatement, key: Parameters<typeof signEnvelope>[2]): Envelope =>
  signEnvelope(approvalPayloadType, encodeStatement(statement), key);

/** JSON without white space, keys in order: the schema above lists them in that order and parses into it. */
export function encodeStatement(statement: ApprovalStatement): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(ApprovalStatement.parse(statement)));
}

/** Undefined unless the bytes are the one encoding of a statement. Call it with authenticated bytes only. */
export function decodeStatement(payload: Uint8Array): ApprovalStatement | undefined {
  const parsed = ApprovalStatement.safeParse(
    parseJson(() => new TextDecoder('utf-8', { fatal: true }).decode(payload)),
  );
  if (!parsed.success) return undefined;
  const canonical = encodeStatement(parsed.data);
  const same = canonical.length === payload.length && canonical.every((byte, index) => byte === payload[index]);
  return same ? parsed.data : undefined;
}

const mostEnvelopeChars = 8192;

/**
 * A DSSE envelope as it is sent: its form only, the signature is checked where the request is known. One
 * signature: with two, whose approval it is would depend on which one is looked at first.
 */
export const EnvelopeBody = z.strictObject({
  payloadType: z.string().max(200),
  payload: z.string().max(4096),
  signatures: z.array(z.strictObject({ keyid: z.string().max(200), sig: z.string().max(200) })).length(1),
});

export type OpenedApproval =
  | { readonly kind: 'opened'; readonly statement: ApprovalStatement; readonly keyId: string }
  | { readonly kind: 'refused'; readonly rule: EnvelopeRule };
export type EnvelopeRule = 'malformed' | 'payload_type' | 'key_unknown' | 'signature_invalid';

/** Checks the form and the signature and nothing else. Total: `envelope` may be anything that a row can hold. */
export function openApproval(
  envelope: string | Envelope,
  publicKeyOf: (keyId: string) => Uint8Array | undefined,
): OpenedApproval {
  const parsed = EnvelopeBody.safeParse(typeof envelope === 'string' ? parseEnvelope(envelope) : envelope);
  if (!parsed.success) return { kind: 'refused', rule: 'malformed' };
  const opened = openEnvelope(parsed.data, approvalPayloadType, publicKeyOf);
  if (opened.kind === 'refused') return opened;
  const statement = decodeStatement(opened.payload);
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
