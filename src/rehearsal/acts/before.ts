import { claim, claimSame } from '../../demo/claim.js';
import { signAll, type Created } from '../../demo/acts/grants.js';
import type { Stage } from '../../demo/stage.js';
import { dayOf, sessionsOf } from '../people.js';
import { careful } from '../policies.js';
import { readAll, type OldGrant, type Reading } from '../reading.js';
import type { Scale } from '../scale.js';
import { changePolicy } from '../signing.js';

export interface Before {
  /** Given in days when two people's signatures were enough, closed since. */
  readonly response: OldGrant;
  readonly prompt: OldGrant;
  readonly policy: ReturnType<typeof careful>;
}

const atOnce = 8;

export async function before(stage: Stage, scale: Scale, mark: string): Promise<Before> {
  const { step, ask, custos } = stage;
  const { people, recordsOfEach, granted } = scale;
  await step(`${people} people are recorded`, async () => {
    const left = Array.from({ length: people }, (_, number) => number);
    let accepted = 0;
    const source = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const answer = await ask('source', 'POST', '/v1/records', dayOf(next, scale, mark));
        claimSame(answer.status, 200, 'status of a post');
        accepted += (JSON.parse(answer.text) as { accepted: number }).accepted;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, source));
    claimSame(accepted, people * recordsOfEach, 'records accepted');
    return [`${accepted} records sealed: what they asked a model, and what it answered`, undefined];
  });

  const grants = await step('Two researchers get grants, as it was usual then: two signatures', async () => {
    const response = await granting(stage, {
      person: 'researcher',
      field: 'response',
      sessions: sessionsOf(0, granted),
    });
    const prompt = await granting(stage, { person: 'researcher2', field: 'prompt', sessions: sessionsOf(granted, 2 * granted) }); // prettier-ignore
    return [`the answers of ${granted} people to one, the questions of ${granted} others to the other`, { response, prompt }]; // prettier-ignore
  });

  const policy = await step('Officers sign a stricter policy: three signatures, and nobody reaches many at once', async () => {
    const next = careful(scale);
    await changePolicy(stage, next, ['officer1', 'officer2']);
    const { reach } = await custos.done<{ reach: unknown[] }>('auditor', 'who-can-read', '--field', 'prompt');
    claimSame(reach.length, 0, 'who can still read a prompt');
    const refused = await custos.refused('disclosure_denied', 'researcher', 'read', grants.response.grant, '--session', 'day-of-0'); // prettier-ignore
    claimSame(refused.rules, ['policy_forbids'], 'why an old grant opens nothing');
    return [`both grants open nothing any more (${refused.rules?.join()}), and are forgotten`, next];
  }); // prettier-ignore
  return { ...grants, policy };
}

/** A study as it should be: few people, three signatures. What it reads is in every report, and is no leak. */
export async function properStudy(stage: Stage): Promise<{ grant: OldGrant; readings: readonly Reading[] }> {
  return stage.step('A study goes on as it should', async () => {
    const sessions = sessionsOf(0, 3);
    const grant = await granting(stage, { person: 'researcher', field: 'prompt', sessions });
    const readings = await readAll(stage, grant, sessions.slice(0, 2));
    return [`three signatures, ${sessions.length} people, ${readings.length} of them read`, { grant, readings }];
  });
}

async function granting({ custos }: Stage, { person, field, sessions }: { person: string; field: string; sessions: readonly string[] }): Promise<OldGrant> {
  const named = sessions.flatMap((session) => ['--session', session]);
  const terms = ['--purpose', 'Learn how people ask for help', '--records', '9000', '--disclosures', '20', '--for', '7h'];
  const wide = ['--purpose', 'Learn how people ask for help', '--records', '900000', '--disclosures', '450', '--for', '40h'];
  const created = await custos.done<Created>(person, 'request', 'create', ...named, '--field', field, ...(sessions.length > 5 ? wide : terms)); // prettier-ignore
  claim(created.preview.sessions === sessions.length, 'the preview counts the sessions');
  return { person, field, grant: await signAll(custos, created) };
} // prettier-ignore
