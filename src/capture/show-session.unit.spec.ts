import { Map } from 'immutable';
import type { Retention } from '../keys/retention.js';
import type { Entry } from '../log/header.js';
import { describeSession } from './show-session.js';

const opened = { type: 'session.opened', subject: 's1', data: { session: 'one', format: 'rrweb' } };
const batch = (first: number) => ({
  type: 'session.batch',
  at: 1,
  data: { first, count: 1, from: 1000 + first, to: 2000 + first },
  columns: [],
});
const described = (batches: number) =>
  describeSession(
    [opened, ...Array.from({ length: batches }, (_, first) => batch(first))] as unknown as Entry[],
    Map() as unknown as Retention,
  );

describe('a session is described', () => {
  it.each([
    [0, null, null],
    [1, 1000, 2000],
    [200_000, 1000, 201_999],
  ])('of %d batches, from %j to %j', (batches, from, to) => {
    expect(described(batches)).toMatchObject({ records: batches, from, to });
  });
});
