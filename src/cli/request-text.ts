import type { Preview, Scope } from '../log/entries.js';
import type { Exceeded } from '../problem.js';
import { listing, timeText } from './output.js';

/** A request as the service shows it: what it says is checked where something depends on it. */
export interface RequestShown {
  readonly request: string;
  readonly state: string;
  readonly requester: string;
  readonly scope: Scope;
  readonly scopeHash: string;
  readonly policyHash: string;
  readonly preview: Preview;
  readonly approvals: readonly { readonly approver: string; readonly position: number }[];
  readonly needed: number;
  readonly expiresAt: number;
  readonly grant?: GrantShown | null;
  readonly expired?: readonly ExpiredShown[];
  readonly reach?: { readonly exceeded: readonly Exceeded[] } | null;
}

export const exceededText = ({ ceiling, of, limit, found }: Exceeded): string =>
  `${ceiling} of ${of}: ${found} then, and ${limit} is the most`;

/** What a scope names and retention has taken already. */
export interface ExpiredShown {
  readonly session: string;
  readonly field: string;
  readonly records: number;
  readonly position: number;
}

export const expiredText = ({ session, field, records, position }: ExpiredShown): string =>
  `${field} of ${session}, up to ${records} records (entry ${position})`;

interface GrantShown {
  readonly grant: string;
  readonly expiresAt: number;
  readonly recordsLeft: number;
  readonly disclosuresLeft: number;
  readonly revoked: boolean;
}

export function requestText(shown: RequestShown): string {
  const { scope, preview, approvals, needed, grant } = shown;
  return listing([
    ['request', shown.request],
    ['state', shown.state],
    ['requester', shown.requester],
    ...scopeLines(scope),
    ['records', `at most ${preview.records}`],
    ['classes', preview.classes.join(', ')],
    ['scope hash', shown.scopeHash],
    ['policy hash', shown.policyHash],
    ['approvals', `${approvals.length} of ${needed}: ${approvals.map(({ approver }) => approver).join(', ') || '-'}`],
    ['answer until', timeText(shown.expiresAt)],
    ...(shown.expired ?? []).map((one) => ['past retention', expiredText(one)] as const),
    ...(shown.reach?.exceeded ?? []).map((one) => ['above a ceiling', exceededText(one)] as const),
    ...(grant === null || grant === undefined ? [] : grantLines(grant)),
  ]);
}

/** Everything in a scope, so that what an approver signs is what they saw. */
export const scopeLines = (scope: Scope): readonly (readonly [string, unknown])[] => [
  ['purpose', scope.purpose],
  ['fields', scope.fields.join(', ')],
  ['sessions', scope.sessions.map(({ session, subject }) => `${session} (${subject})`).join(', ')],
  ['from', timeText(scope.from)],
  ['to', timeText(scope.to)],
  ['duration', `${scope.durationSeconds} s once granted`],
  ['budget', `${scope.budget.records} records, ${scope.budget.disclosures} disclosures`],
];

const grantLines = (grant: GrantShown): readonly (readonly [string, unknown])[] => [
  ['grant', grant.revoked ? `${grant.grant}, revoked` : grant.grant],
  ['grant until', timeText(grant.expiresAt)],
  ['left', `${grant.recordsLeft} records, ${grant.disclosuresLeft} disclosures`],
];
