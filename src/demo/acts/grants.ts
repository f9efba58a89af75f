import { claim, claimFound } from '../claim.js';
import type { Custos } from '../custos.js';

export interface Created {
  readonly request: string;
  readonly scopeHash: string;
  readonly preview: { records: number; subjects: number; sessions: number; classes: string[] };
  readonly needed: number;
}

interface Approved {
  readonly approvals: number;
  readonly needed: number;
  readonly grant: string | null;
}

export interface Wanted {
  readonly sessions: readonly string[];
  readonly field: string;
  readonly purpose: string;
}

export const requestAccess = (custos: Custos, { sessions, field, purpose }: Wanted): Promise<Created> =>
  custos.done<Created>(
    'researcher',
    'request',
    'create',
    ...sessions.flatMap((session) => ['--session', session]),
    ...['--field', field, '--purpose', purpose, '--records', '5000', '--disclosures', '20', '--for', '1h'],
  );

/** Signs with as many approvers as it takes, one after the other. Returns the grant. */
export async function signAll(custos: Custos, { request, needed }: Created): Promise<string> {
  let last: Approved | undefined;
  for (let signed = 1; signed <= needed; signed += 1) {
    last = await custos.done<Approved>(`approver${signed}`, 'approve', request);
    claim(last.approvals === signed, `signature ${signed} counts`);
    claim((last.grant !== null) === (signed === needed), 'the grant is in force with the last signature, not before');
  }
  return claimFound(last?.grant, 'the grant');
}
