import type { HistoryAtAnswer } from '../history/history-at.js';
import type { HistoryDiffAnswer } from '../history/history-diff.js';
import type { Place } from '../history/moment.js';
import { jsonText, listing, table, timeText } from './output.js';
import { reachText } from './policy-diff.js';

/** What changed between two moments, for people: entry by entry, then what it came to. */
export async function diffText({ from, to, changes, gains, losses }: HistoryDiffAnswer): Promise<string> {
  const rows = changes.map((one) => [
    one.position,
    timeText(one.at),
    one.type,
    one.by,
    one.parts.join(' '),
    one.signedBy.join(' '),
    jsonText({ ...(one.subject === undefined ? {} : { subject: one.subject }), ...one.says }),
  ]);
  const policy = changes.flatMap((one) =>
    (one.policy ?? []).map(({ path, before, after }) => [one.position, path, before, after]),
  );
  return [
    spanText(from, to),
    `changes\n${await table(['position', 'at', 'entry', 'by', 'changes', 'signed by', 'says'], rows)}`,
    ...(policy.length === 0 ? [] : [`policy\n${await table(['position', 'what', 'before', 'after'], policy)}`]),
    await reachText({ gains, losses }),
  ].join('\n\n');
}

/** How everything stood, for people: what there is none of is not shown. */
export async function stateText(state: HistoryAtAnswer): Promise<string> {
  const { programme, policy, unreviewed, reach } = state;
  const sections: readonly (readonly [name: string, columns: readonly string[], rows: readonly (readonly unknown[])[]])[] = [
    ['keys', ['person', 'role', 'key', 'from', 'state'], state.keys.map((one) => [one.person, one.role, one.keyId, one.from, one.state])],
    ['acts to be signed', ['act', 'kind', 'by', 'signatures', 'needed'], state.acts.map((one) => [one.act, one.kind, one.proposer, one.signatures.length, one.needed])],
    ['locks', ['lock', 'on', 'by', 'entry', 'reason'], state.locks.map((one) => [one.lock, jsonText(one.target), one.by, one.position, one.reason])],
    ['retention', ['field', 'days', 'entry', 'gone before'], state.retention.map((one) => [one.field, one.days ?? 'kept', one.position, one.expired === null ? '' : timeText(one.expired.before)])],
    ['subjects', ['subject', 'key', 'consent'], state.subjects.map((one) => [one.subject, one.key, one.consent])],
    ['requests', ['request', 'state', 'by', 'fields', 'sessions', 'signatures'], state.requests.map((one) => [one.request, one.state, one.requester, one.scope.fields.join(' '), one.scope.sessions.length, `${one.approvals.length} of ${one.needed}`])],
    ['break-glass not reviewed', ['grant', 'officer', 'entry'], unreviewed.map((one) => [one.grant, one.officer, one.position])],
    ['incidents', ['incident', 'title', 'state'], state.incidents.map((one) => [one.incident, one.title, one.closed === undefined ? 'open' : 'closed'])],
    ['could read', ['person', 'subject', 'session', 'field', 'until'], reach.map((one) => [one.person, one.subject, one.session, one.field, timeText(one.until)])],
  ]; // prettier-ignore
  const shown = sections.filter(([, , rows]) => rows.length > 0);
  return [
    listing([
      ['at', placeText(state)],
      ['programme', programme.status],
      ['policy', `version ${policy.policy.version}, ${policy.policyHash}`],
    ]),
    ...(await Promise.all(shown.map(async ([name, columns, rows]) => `${name}\n${await table(columns, rows)}`))),
    ...(reach.length === 0 ? ['nobody could read anything'] : []),
  ].join('\n\n');
}

export const spanText = (from: Place, to: Place): string => listing([['from', placeText(from)], ['to', placeText(to)]]); // prettier-ignore

const placeText = ({ position, at }: Place) => `the first ${position} entries, ${timeText(at)}`;
