import { claimSame } from '../../demo/claim.js';
import type { Stage } from '../../demo/stage.js';
import { reclassed } from '../policies.js';
import { changePolicy, type Signed } from '../signing.js';
import type { Found } from './found.js';

interface Report {
  readonly ok: boolean;
  readonly position: number;
  readonly items: readonly { readonly item: string; readonly ok: boolean }[];
}

export async function goingOn(stage: Stage, { incident, policy }: Found): Promise<void> {
  const { step, custos } = stage;
  await step('An officer wants to go on: the locks hold, and what they hold back is still within reach', async () => {
    const { exitCode, stdout } = await custos.run('officer1', 'programme', 'resume', '--yes');
    const report = JSON.parse(stdout) as Report;
    const wrong = report.items.filter(({ ok }) => !ok).map(({ item }) => item);
    claimSame([exitCode, wrong], [1, ['reach_under_ceilings']], 'exit code, and what is wrong');
    return [`refused: the report that is made of it is red (${wrong.join()})`, undefined];
  });

  await step('The fix of the fix: answers are private, too; now the report is green', async () => {
    await changePolicy(stage, reclassed(policy, ['response'], 'private'), ['officer1', 'officer3']);
    const report = await custos.done<Report>('auditor', 'assurance');
    await custos.done('auditor', 'incident', 'note', incident, '--kind', 'decision', '--text', 'The policy is the careful one again', '--about', String(report.position)); // prettier-ignore
    return [`${report.items.length} things looked at, all of them well: entry ${report.position}`, undefined];
  });

  await step('Two officers resume the programme', async () => {
    const { act, enforced } = await custos.done<Signed>('officer1', 'programme', 'resume', '--yes');
    claimSame(enforced, false, 'in force with one signature');
    claimSame((await custos.done<Signed>('officer2', 'act', 'sign', act, '--yes')).enforced, true, 'in force with two');
    const { status } = await custos.done<{ status: string }>('auditor', 'programme', 'status');
    claimSame(status, 'capturing', 'what the programme does');
    await custos.done('officer1', 'incident', 'close', incident, '--decision', 'Whoever was read is told; two people look at a diff from now on'); // prettier-ignore
    return ['capturing; the incident is closed with what was decided', undefined];
  });
}
