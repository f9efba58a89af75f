import { claim, claimFound, claimSame } from '../claim.js';
import type { Stage } from '../stage.js';
import { purpose } from './granting.js';

interface LedgerLine {
  readonly kind: string;
  readonly person: string;
  readonly fields?: readonly string[];
  readonly purpose?: string;
  readonly approvers?: readonly string[];
  readonly rules?: readonly string[];
  readonly completed?: string;
}

interface ReachAnswer {
  readonly reach: readonly { readonly person: string; readonly field: string; readonly session: string }[];
}

export async function revocation({ step, custos }: Stage, grant: string): Promise<void> {
  const position = await step('An approver revokes the grant; the researcher reads once more', async () => {
    const reason = 'The question is answered';
    const revoked = await custos.done<{ position: number }>('approver1', 'revoke', grant, '--reason', reason);
    const { rules } = await custos.refused('disclosure_denied', 'researcher', 'read', grant);
    claimSame(rules, ['grant_revoked'], 'why the read is refused');
    return [`refused (${rules?.join()}) from position ${revoked.position} on`, revoked.position];
  });

  await step('Anna looks up who read what of hers', async () => {
    const { entries } = await custos.done<{ entries: LedgerLine[] }>('subject:anna', 'history', 'ledger', 'anna');
    const released = entries.filter(({ kind }) => kind === 'released');
    const refused = entries.filter(({ kind }) => kind === 'refused');
    const first = claimFound(released[0], 'the release');
    claimSame(released.length, 2, 'releases');
    claimSame([first.person, first.fields, first.purpose], ['researcher', ['typed'], purpose], 'who, what and why');
    claimSame([first.approvers?.length, first.completed], [2, 'delivered'], 'who signed, and whether it arrived');
    const rules = new Set(refused.flatMap((line) => line.rules ?? []));
    claim(
      ['grant_unknown', 'field_not_granted', 'grant_revoked'].every((rule) => rules.has(rule)),
      'the refusals',
    );
    // Nobody else may look at it.
    await custos.refused('role_missing', 'subject:ben', 'history', 'ledger', 'anna');
    return [`${released.length} releases, with purpose and signers, and ${refused.length} refusals`, undefined];
  });

  await step('The auditor asks who could read, just before the revocation and after', async () => {
    // A moment is how many entries count: the revocation itself counts in the second answer only.
    const at = (entries: number) =>
      custos.done<ReachAnswer>('auditor', 'who-can-read', '--subject', 'anna', '--at', String(entries));
    const [before, after] = await Promise.all([at(position), at(position + 1)]);
    claimSame(
      before.reach.map(({ person, session, field }) => [person, session, field]),
      [['researcher', 'sign-up-1', 'typed']],
      'reach before',
    );
    claimSame(after.reach, [], 'reach after');
    return [`before: researcher could read typed of sign-up-1, and nobody anything else; after: nobody`, undefined];
  });
}
