import type { HistoryDiffAnswer } from '../history/history-diff.js';
import { diffText } from './history-text.js';

const at = Date.UTC(2026, 0, 31, 9);
const diff = {
  from: { position: 3, at, checkpoint: '' },
  to: { position: 9, at: at + 1000, checkpoint: '' },
  changes: [
    { position: 4, at, type: 'request.approved', by: 'ada', parts: ['requests', 'grants'], signedBy: ['ada', 'bob'], says: { request: 'r\u202e' } },
    { position: 5, at, type: 'act.signed', by: 'ola', parts: ['policy'], signedBy: ['ola'], says: {}, policy: [{ path: 'classes.private.quorum', before: 2, after: 3 }] },
  ],
  gains: [{ person: 'eve', subjects: ['s1', 's2'], fields: ['typed'], before: null, after: at }],
  losses: [],
} as unknown as HistoryDiffAnswer; // prettier-ignore

describe('a diff, for people,', () => {
  it('has each entry with its signers, the policy member by member, and reach', async () => {
    const text = await diffText(diff);
    expect(text).toMatch(/from +the first 3 entries, 2026-01-31T09:00:00.000Z/);
    expect(text).toMatch(/4.*request\.approved.*ada.*requests grants.*ada bob/);
    expect(text).toMatch(/5.*classes\.private\.quorum.*2.*3/);
    expect(text).toMatch(/eve.*s1 s2.*typed.*no reach.*2026-01-31T09/);
    expect(text).toContain('loses reach: nobody');
  });

  it('shows no mark that a terminal would obey', async () => {
    const text = await diffText(diff);
    expect(text).toContain(String.raw`r\u202e`);
    expect(text).not.toContain('\u202e');
  });
});
