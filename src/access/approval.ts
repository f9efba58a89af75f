import { z } from 'zod';
import { PersonId, RequestId } from '../log/ids.js';
import { signStatement, type StatementType } from '../identity/signed-statement.js';
import type { Envelope } from '../sealing/dsse.js';

/**
 * What an approver signs. It names everything that the signature is about, so that it says nothing anywhere
 * else: this request of this log, as it was when its scope, the policy and the log were shown.
 *
 *   {"approver":"approver1","checkpoint":{"root":"5f…","size":42},"expiresAt":1767225600000,"nonce":"0c…",
 *    "origin":"custos.example/log","policyHash":"9a…","request":"6a4d…","scopeHash":"e3…","type":"custos.approval.v1"}
 */
export type ApprovalStatement = z.infer<typeof ApprovalStatement>;

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

export const approvalType: StatementType<ApprovalStatement> = {
  payloadType: 'application/vnd.custos.approval+json',
  schema: ApprovalStatement,
};

export const signApproval = (statement: ApprovalStatement, key: Parameters<typeof signStatement>[2]): Envelope =>
  signStatement(approvalType, statement, key);
