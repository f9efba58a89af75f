import { readFile } from 'node:fs/promises';
import { belowFloors, type Floor } from '../access/policy-floors.js';
import { PolicyDocument, policyHash, type Policy } from '../access/policy.js';
import { namedIssues, type NamedIssue } from '../http/issue-path.js';
import { Problem } from '../problem.js';
import { notVerified, wrongUse } from './refusal.js';

export interface CheckedPolicy {
  readonly ok: boolean;
  /** Hex; null if it is no policy. */
  readonly policyHash: string | null;
  readonly issues: readonly NamedIssue[];
  readonly floors: readonly Floor[];
  readonly policy?: Policy;
}

/** Schema and floors, offline: what a service would refuse whatever was signed. */
export function checkPolicy(text: string): CheckedPolicy {
  const parsed = PolicyDocument.safeParse(json(text));
  if (!parsed.success) {
    return { ok: false, policyHash: null, issues: namedIssues(parsed.error, PolicyDocument, 'document'), floors: [] };
  }
  const floors = belowFloors(parsed.data);
  const hash = hex(policyHash(parsed.data));
  return { ok: floors.length === 0, policyHash: hash, issues: [], floors, policy: parsed.data };
}

/** @throws Problem usage if there is no such file. */
export const policyText = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch(() => {
    throw wrongUse('FILE', 'a file that can be read');
  });

/** The policy in a file. @throws Problem policy_refused, input_invalid */
export async function policyIn(file: string): Promise<Policy> {
  const { policy, issues, floors } = checkPolicy(await policyText(file));
  if (policy === undefined) throw new Problem('input_invalid', { issues });
  if (floors.length > 0) throw new Problem('policy_refused', { rules: floors });
  return policy;
}

/** The policy in a file, also one that could never be in force. @throws Problem input_invalid */
export async function supposedPolicyIn(file: string): Promise<Policy> {
  const { policy, issues } = checkPolicy(await policyText(file));
  if (policy === undefined) throw new Problem('input_invalid', { issues });
  return policy;
}

/** Of the document that was shown, computed here. @throws Problem not_verified if the service says another one. */
export function hashOf(shown: { readonly policy: unknown; readonly policyHash: string }): string {
  const parsed = PolicyDocument.safeParse(shown.policy);
  if (!parsed.success) throw notVerified(0, 'policy_form');
  const hash = hex(policyHash(parsed.data));
  if (hash !== shown.policyHash) throw notVerified(0, 'policy_hash');
  return hash;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // No policy.
  }
}
