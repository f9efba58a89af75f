import { linesOf } from '../ask.js';
import { claim, claimFound, claimSame } from '../claim.js';
import type { Stage } from '../stage.js';
import { requestAccess, signAll } from './grants.js';

/** What a clear header says, as `custos log tail` prints it. */
export interface EntryShown {
  readonly position: number;
  readonly type: string;
  readonly actor: string;
  readonly data: { readonly rules?: readonly string[]; readonly request?: string; readonly envelope?: string };
}

export const purpose = 'Learn where people stop when they fill in the sign-up form';

export async function granting({ step, custos, ask }: Stage): Promise<string> {
  await step('A researcher reads without a grant', async () => {
    const nobodys = '00000000-0000-4000-8000-000000000000';
    const { rules } = await custos.refused(
      'disclosure_denied',
      'researcher',
      'read',
      nobodys,
      '--session',
      'sign-up-1',
    );
    const entries = await custos.lines<EntryShown>('auditor', 'log', 'tail');
    const refusal = claimFound(
      entries.findLast(({ type }) => type === 'disclosure.refused'),
      'the refusal in the log',
    );
    claimSame([refusal.actor, refusal.data.rules], ['researcher', ['grant_unknown']], 'who was refused, and why');
    return [`refused (${rules?.join(', ')}); the refusal is entry ${refusal.position} of the log`, undefined];
  });

  const created = await step('She asks for one field of one session', async () => {
    const made = await requestAccess(custos, { sessions: ['sign-up-1'], field: 'typed', purpose });
    const { records, sessions, subjects } = made.preview;
    claimSame([sessions, subjects], [1, 1], 'sessions and subjects in the preview');
    claim(records > 0 && made.needed >= 2, 'the preview counts records, and more than one must sign');
    await custos.refused('disclosure_denied', 'researcher', 'read', made.request, '--session', 'sign-up-1');
    const seen = `at most ${records} records, class ${made.preview.classes.join()}; ${made.needed} signatures needed`;
    return [`${seen}; nothing opens before them`, made];
  });

  const grant = await step('Two approvers sign, each with their own key', async () => {
    const inForce = await signAll(custos, created);
    return [`the grant is in force with signature ${created.needed} of ${created.needed}`, inForce];
  });

  await step('Somebody hands the first signature in again', async () => {
    const entries = linesOf<EntryShown>(await ask('auditor', 'GET', '/v1/log/entries?limit=10000'));
    const first = claimFound(
      entries.find(({ type, data }) => type === 'request.approved' && data.request === created.request),
      'the first approval in the log',
    );
    const envelope = JSON.parse(claimFound(first.data.envelope, 'its envelope')) as unknown;
    const again = await ask(first.actor, 'POST', `/v1/requests/${created.request}/approvals`, { envelope });
    const { code, rules } = JSON.parse(again.text) as { code: string; rules: string[] };
    claimSame([again.status, code], [403, 'approval_refused'], 'status and code');
    return [`refused (${rules.join(', ')})`, undefined];
  });
  return grant;
}
