import { claimSame } from '../claim.js';
import type { Stage } from '../stage.js';
import { requestAccess, signAll } from './grants.js';
import { verifyGreen } from './verifying.js';

export async function erasure(stage: Stage): Promise<void> {
  const { step, custos, ask } = stage;
  await step('Ben is erased at his own wish, while a grant to read him is in force', async () => {
    const wanted = { sessions: ['shell-1'], field: 'typed', purpose: 'Learn which commands people mistype' };
    const grant = await signAll(custos, await requestAccess(custos, wanted));
    const read = () => ask('researcher', 'POST', `/v1/grants/${grant}/disclosures`, { session: 'shell-1' });
    claimSame((await read()).status, 200, 'status of a read before');
    const { position } = await custos.done<{ position: number }>('subject:ben', 'erase', 'ben');
    const after = await read();
    const problem = JSON.parse(after.text) as { code: string; position: number };
    claimSame(
      [after.status, problem.code, problem.position],
      [410, 'subject_erased', position],
      'status, code and tombstone',
    );
    return [`the next read answers 410 subject_erased, tombstone at position ${position}`, undefined];
  });
  await verifyGreen(stage, 'The log still verifies, erased records and all');
}
