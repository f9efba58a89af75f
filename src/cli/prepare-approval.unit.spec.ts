import { type ApprovalStatement } from '../access/approval.js';
import { builtInPolicy } from '../access/built-in-policy.js';
import type { Scope } from '../log/entries.js';
import { statementText, type Prepared } from './prepare-approval.js';
import type { RequestShown } from './request-text.js';

const scope: Scope = {
  fields: ['typed', 'url'],
  sessions: [],
  from: 0,
  to: 1,
  purpose: 'a study of typing',
  durationSeconds: 60,
  budget: { records: 10, disclosures: 1 },
};
const prepared = {
  statement: { request: 'r', checkpoint: { size: 3, root: '00' }, expiresAt: 1 } as ApprovalStatement,
  scope,
  policy: builtInPolicy,
} as Prepared;
const preview = { records: 10, subjects: 1, sessions: 1, classes: [] };
const shown = (expired?: RequestShown['expired']) =>
  ({ requester: 'researcher', preview, ...(expired === undefined ? {} : { expired }) }) as unknown as RequestShown;

describe('what an approver is shown before signing', () => {
  it('names the columns that are past their retention, and open for nobody', () => {
    const text = statementText(prepared, shown([{ session: 'one', field: 'typed', records: 10, position: 7 }]));
    expect(text).toMatch(/past retention +typed of one, up to 10 records \(entry 7\)/);
  });

  it('says nothing of retention where nothing has expired', () => {
    expect(statementText(prepared, shown())).not.toContain('past retention');
    expect(statementText(prepared, shown([]))).not.toContain('past retention');
  });
});
