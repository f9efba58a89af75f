import { randomBytes } from 'node:crypto';
import { ApprovalStatement } from '../access/approval.js';
import { PolicyDocument, policyHash, previewOf, type Policy } from '../access/policy.js';
import { FrozenScope, scopeHash } from '../access/scope.js';
import type { Scope } from '../log/entries.js';
import { listing, timeText } from './output.js';
import type { LogKey } from './receipt.js';
import { notVerified, wrongUse } from './refusal.js';
import { openedCheckpoint, signatureLifetimeMs } from './signer.js';
import { expiredText, scopeLines, type RequestShown } from './request-text.js';

export interface Prepared {
  readonly statement: ApprovalStatement;
  readonly scope: Scope;
  readonly policy: Policy;
}

/**
 * The statement to sign, made of what was checked here: the service's word for the hash of a scope, or for the state
 * of the log, would let it show one thing and have another one signed.
 * @throws Problem not_verified
 */
export function prepareApproval(given: {
  readonly id: string;
  readonly shown: RequestShown;
  /** The policy in force, as the service gives it. */
  readonly policy: unknown;
  readonly note: string;
  readonly logKey: LogKey;
  readonly approver: string;
  readonly now: number;
}): Prepared {
  const { id, shown, policy: document, note, logKey, approver, now } = given;
  const checkpoint = openedCheckpoint(note, logKey);
  // Strict: a member that this version does not know would be signed without having been shown.
  const scope = FrozenScope.safeParse(shown.scope);
  if (!scope.success) throw notVerified(0, 'scope_form');
  const hash = hex(scopeHash(scope.data));
  if (hash !== shown.scopeHash) throw notVerified(0, 'scope_hash');
  const policy = PolicyDocument.safeParse(document);
  if (!policy.success) throw notVerified(0, 'policy_form');
  if (shown.request.toLowerCase() !== id.toLowerCase()) throw notVerified(0, 'request_id');
  const statement = ApprovalStatement.safeParse({
    approver,
    checkpoint: { root: hex(checkpoint.root), size: checkpoint.size },
    expiresAt: now + signatureLifetimeMs,
    nonce: randomBytes(16).toString('hex'),
    origin: logKey.origin,
    policyHash: hex(policyHash(policy.data)),
    request: shown.request,
    scopeHash: hash,
    type: 'custos.approval.v1',
  });
  if (!statement.success) throw wrongUse('ID', 'a request');
  return { statement: statement.data, scope: scope.data, policy: policy.data };
}

/** Everything that the signature is about, in words. */
export function statementText({ statement, scope, policy }: Prepared, shown: RequestShown): string {
  const { requester, preview, expired = [] } = shown;
  const { records, classes } = previewOf(policy, scope, preview.records);
  return listing([
    ['You sign', `request ${statement.request} of ${requester}`],
    ...scopeLines(scope),
    ['classes', classes.join(', ')],
    ['records', `at most ${records} now, says the service`],
    ...expired.map((one) => ['past retention', `${expiredText(one)}, says the service: it opens for nobody`] as const),
    ['scope hash', `${statement.scopeHash} (computed here)`],
    ['policy', `version ${policy.version}, hash ${statement.policyHash} (computed here)`],
    ['log', `${statement.origin}, ${statement.checkpoint.size} entries, root ${statement.checkpoint.root}`],
    ['as', statement.approver],
    ['hand in until', timeText(statement.expiresAt)],
  ]);
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
