import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { claimSame } from '../demo/claim.js';
import type { Stage } from '../demo/stage.js';

export interface Signed {
  readonly act: string;
  readonly needed: number;
  readonly enforced: boolean;
  readonly position: number;
}

/** Proposed by the first of these officers and signed by the others; in force with the last signature, not before. */
export async function changePolicy(
  { custos, scratch }: Stage,
  policy: { readonly version: number },
  officers: readonly string[],
  ...options: readonly string[]
): Promise<Signed> {
  const [first, ...others] = officers as [string, ...string[]];
  const file = await policyFile(scratch, policy);
  let signed = await custos.done<Signed>(first, 'policy', 'propose', file, '--reason', 'as it was agreed', '--yes', ...options); // prettier-ignore
  for (const officer of others) {
    claimSame(signed.enforced, false, 'in force before the last signature');
    signed = await custos.done<Signed>(officer, 'policy', 'sign', signed.act, '--yes');
  }
  claimSame([signed.enforced, signed.needed], [true, officers.length], 'in force, with so many signatures');
  return signed;
}

export async function policyFile(scratch: string, policy: { readonly version: number }): Promise<string> {
  const file = join(scratch, `policy-${policy.version}.json`);
  await writeFile(file, JSON.stringify(policy));
  return file;
}
