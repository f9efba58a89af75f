import { claim, claimFound, claimSame } from '../../demo/claim.js';
import type { Stage } from '../../demo/stage.js';
import { sessionsOf } from '../people.js';
import { open, reclassed } from '../policies.js';
import { readAll, type Reading } from '../reading.js';
import type { Scale } from '../scale.js';
import { changePolicy, policyFile, type Signed } from '../signing.js';
import type { Before } from './before.js';

export interface Mistake {
  readonly policy: Before['policy'];
  readonly signed: Signed;
}

export async function mistake(stage: Stage, { policy }: Before): Promise<Mistake> {
  const { step, custos, scratch } = stage;
  const propose = (file: string, ...more: string[]) => ['policy', 'propose', file, '--reason', 'it is in everybody’s way', '--yes', ...more]; // prettier-ignore
  await step('A policy that opens everything to everybody is tried', async () => {
    const file = await policyFile(scratch, open(policy));
    const { rules = [] } = await custos.refused('policy_refused', 'officer1', ...propose(file, '--beyond-ceilings'));
    claim(rules.includes('quorum_too_small') && rules.includes('strict_field_lowered'), 'and the floors are named');
    return [`refused, whoever signs (${rules.join(', ')})`, undefined];
  });

  return step('Then a smaller one: prompts and answers are called harmless, two words in a file', async () => {
    const next = reclassed(policy, ['prompt', 'response'], 'basic');
    const file = await policyFile(scratch, next);
    const { stdout } = await custos.run('officer1', ...propose(file));
    const { code, exceeded } = JSON.parse(stdout) as { code: string; exceeded?: { found: number; limit: number }[] };
    claimSame(code, 'reach_exceeded', 'what the guard says');
    const { found, limit } = claimFound(exceeded?.[0], 'its numbers');
    const signed = await changePolicy(stage, next, ['officer1', 'officer2', 'officer3'], '--beyond-ceilings');
    const said = `the guard says that one person would reach ${found} people, ${limit} are the most; three officers sign all the same`; // prettier-ignore
    return [said, { policy: next, signed }];
  });
}

/** The grants that everybody had forgotten open again, and two scripts that were never switched off go on. */
export async function leak(stage: Stage, { response, prompt }: Before, { granted, reads }: Scale): Promise<Reading[]> {
  return stage.step('Grants that were forgotten open again, and people read', async () => {
    const readings = [
      ...(await readAll(stage, response, sessionsOf(0, reads.response))),
      ...(await readAll(stage, prompt, sessionsOf(granted, granted + reads.prompt))),
    ];
    const records = readings.reduce((sum, one) => sum + one.records, 0);
    claim(records > 0, 'something is read');
    return [`${readings.length} sessions, ${records} records, by two people; each is in the log`, readings];
  });
}
