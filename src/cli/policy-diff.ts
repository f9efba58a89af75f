import type { PolicyPreview } from '../access/preview-policy.js';
import type { ReachChange } from '../access/reach-effect.js';
import { exceededText } from './request-text.js';
import { listing, table, timeText } from './output.js';

/** What a policy would change, for people: the document, then reach, then what stands against it. */
export async function previewText({ changes, gains, losses, exceeded, lapses, ...of }: PolicyPreview): Promise<string> {
  const parts = [
    listing([
      ['policy hash', of.policyHash],
      ['replaces', of.replaces],
      ['must have version', of.version],
      ['officers who must sign', of.needed],
      ['requests that lapse', lapses.map(({ request }) => request).join(', ') || 'none'],
    ]),
    await table(['what changes', 'before', 'after'], changes.map(({ path, before, after }) => [path, before, after])), // prettier-ignore
    await reachText({ gains, losses }),
    ...exceeded.map((one) => `above a ceiling: ${exceededText(one)}`),
  ];
  return parts.join('\n\n');
}

export const reachText = async ({ gains, losses }: Pick<PolicyPreview, 'gains' | 'losses'>): Promise<string> =>
  `gains reach: ${await reachTable(gains)}\n\nloses reach: ${await reachTable(losses)}`;

async function reachTable(changes: readonly ReachChange[]): Promise<string> {
  if (changes.length === 0) return 'nobody';
  const until = (at: number | null) => (at === null ? 'no reach' : timeText(at));
  const rows = changes.map(({ person, subjects, fields, before, after }) => [person, subjects.join(' '), fields.join(' '), until(before), until(after)]); // prettier-ignore
  return `\n${await table(['person', 'subjects', 'fields', 'until, before', 'until, after'], rows)}`;
}
