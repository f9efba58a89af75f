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
    `changes: ${await table(['position', 'at', 'entry', 'by', 'changes', 'signed by', 'says'], rows)}`,
    ...(policy.length === 0 ? [] : [`policy: ${await table(['position', 'what', 'before', 'after'], policy)}`]),
    await reachText({ gains, losses }),
  ].join('\n\n');
}

export const spanText = (from: Place, to: Place): string => listing([['from', placeText(from)], ['to', placeText(to)]]); // prettier-ignore

const placeText = ({ position, at }: Place) => `the first ${position} entries, ${timeText(at)}`;
