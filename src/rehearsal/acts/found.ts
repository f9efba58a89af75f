import { claim, claimSame } from '../../demo/claim.js';
import type { Stage } from '../../demo/stage.js';
import { sessionOf } from '../people.js';
import { reclassed } from '../policies.js';
import type { Scale } from '../scale.js';
import { changePolicy, type Signed } from '../signing.js';
import type { Before } from './before.js';
import type { Mistake } from './mistake.js';

interface Contained {
  readonly position: number;
  readonly contained: boolean;
  readonly probed: number;
  readonly open: number;
  readonly named: readonly { readonly person: string; readonly fields: readonly string[]; readonly grant: string }[];
}

export interface Found {
  readonly incident: string;
  readonly policy: Before['policy'];
  readonly firstFix: Signed;
  readonly lock: { readonly lock: string; readonly position: number };
  readonly containedAt: number;
}

export async function found(stage: Stage, scale: Scale, { response, prompt }: Before, wrong: Mistake): Promise<Found> {
  const { step, custos } = stage;
  const incident = await step('It is found: one officer pauses the programme and opens an incident', async () => {
    await custos.done('officer1', 'programme', 'pause', '--reason', 'prompts and answers are open');
    const about = ['--title', 'Prompts and answers open', '--reason', 'A researcher could read whom she should not'];
    const opened = await custos.done<{ incident: string }>('officer1', 'incident', 'open', ...about, '--from', String(wrong.signed.position)); // prettier-ignore
    return [`nothing is stored from here on; in question from the first ${wrong.signed.position} entries on`, opened.incident]; // prettier-ignore
  });

  const fix = await step('The first fix: prompts are private again', async () => {
    const next = reclassed(wrong.policy, ['prompt'], 'private');
    const signed = await changePolicy(stage, next, ['officer1', 'officer2']);
    const refused = await custos.refused('disclosure_denied', 'researcher2', 'read', prompt.grant, '--session', sessionOf(scale.granted)); // prettier-ignore
    claimSame(refused.rules, ['policy_forbids'], 'why a prompt is refused');
    return ['two officers sign; whoever tries to read a prompt is refused, and all seems well', { next, signed }];
  });

  const hole = await step('All that could be read is tried again: the fix has a hole', async () => {
    const report = await contain(stage);
    const leaking = new Set(report.named.filter(({ grant }) => grant === response.grant).map(({ person, fields }) => `${person}: ${fields.join()}`)); // prettier-ignore
    claimSame([report.contained, [...leaking]], [false, ['researcher: response']], 'what is named');
    claim(report.open >= scale.granted, 'every one of them is counted');
    return [`${report.open} of ${report.probed} can open, and it says who and what: ${[...leaking].join()}`, report];
  });

  const lock = await step('The second: whatever holds an answer or a prompt is locked, at once, by one officer', async () => {
    await custos.done('officer2', 'lock', '--field', 'prompt', '--reason', 'the fix had a hole');
    const set = await custos.done<Found['lock']>('officer2', 'lock', '--field', 'response', '--reason', 'the fix had a hole'); // prettier-ignore
    const refused = await custos.refused('disclosure_denied', 'researcher', 'read', response.grant, '--session', sessionOf(0)); // prettier-ignore
    claim(refused.rules?.includes('locked') === true, 'why an answer is refused');
    return [`from entry ${set.position} on nothing is released, on any instance`, set];
  }); // prettier-ignore

  const containedAt = await step('Tried once more', async () => {
    const report = await contain(stage);
    claimSame([report.contained, report.open, report.probed], [true, 0, hole.probed], 'contained, open, tried');
    const note = async (text: string, about: number) => custos.done('officer1', 'incident', 'note', incident, '--kind', 'finding', '--text', text, '--about', String(about)); // prettier-ignore
    await note('The first fix left answers open', hole.position);
    await note('Locked, and nobody can open any of it', report.position);
    return [`0 of ${report.probed} can open: entry ${report.position}, signed by the log`, report.position];
  });
  return { incident, policy: fix.next, firstFix: fix.signed, lock, containedAt };
}

async function contain({ custos }: Stage): Promise<Contained> {
  const { exitCode, stdout } = await custos.run('officer1', 'contain', '--since', '7d');
  const report = JSON.parse(stdout) as Contained;
  claimSame(exitCode, report.open === 0 ? 0 : 1, 'exit code of custos contain');
  return report;
}
