import type { Entry } from '../../src/log/header.js';
import type { GrantId, Position } from '../../src/log/ids.js';
import { judgeRaces, type Raced, type Stop, type Violation } from './judge-races.js';

const at = (position: number) => position as Position;
const asked = { type: 'request.made', position: 0, data: { request: 'g', scope: { budget: { records: 10, disclosures: 2 } } } } as unknown as Entry; // prettier-ignore
const made = (position: number, records = 1) =>
  ({ type: 'disclosure.made', position, data: { grant: 'g' as GrantId, records } }) as unknown as Entry;
const batch = (position: number) => ({ type: 'session.batch', position, data: {} }) as unknown as Entry;
const stop = (position: number, rest: Partial<Stop> = {}): Stop => ({
  ...{ kind: 'lock', position: at(position), answered: 100, covers: () => true },
  ...rest,
});
const lifted = { began: 200, position: at(20) };
const judged = (raced: Partial<Raced>): Violation['rule'][] =>
  judgeRaces({ entries: [asked, made(5)], stops: [], releases: [], forged: new Set(), ...raced }).map(({ rule }) => rule); // prettier-ignore

describe('it is a violation', () => {
  it.each<[rule: Violation['rule'], raced: Partial<Raced>]>([
    ['released_above', { stops: [stop(4)], releases: [{ disclosure: at(5), asked: [1] }], forged: new Set([at(5)]) }],
    ['released_after', { stops: [stop(6)], releases: [{ disclosure: at(5), asked: [99, 101] }] }],
    ['written_above', { stops: [stop(4)] }],
    ['written_above', { entries: [batch(5)], stops: [stop(4)] }],
    ['over_budget', { entries: [asked, made(1), made(2), made(3)] }],
    ['over_budget', { entries: [asked, made(1, 6), made(2, 5)] }],
    [
      'opened_twice',
      {
        releases: [
          { disclosure: at(5), asked: [1] },
          { disclosure: at(5), asked: [2] },
        ],
      },
    ],
    ['not_in_log', { releases: [{ disclosure: at(6), asked: [1] }] }],
  ])('%s: %j', (rule, raced) => expect(judged(raced)).toEqual([rule]));

  it('also if only what was stolen is over its budget, once it opened', () => {
    const entries = [asked, made(1), made(2), made(3)];
    const forged = new Set([at(1), at(2), at(3)]);
    expect(judged({ entries, forged })).toEqual([]);
    const releases = [1, 2, 3].map((position) => ({ disclosure: at(position), asked: [position] }));
    expect(judged({ entries, forged, releases })).toEqual(['over_budget']);
  });
});

describe('it is none', () => {
  it.each<[what: string, raced: Partial<Raced>]>([
    ['below the stop', { stops: [stop(6)], releases: [{ disclosure: at(5), asked: [99] }] }],
    [
      'what the stop is not about',
      { stops: [stop(4, { covers: () => false })], releases: [{ disclosure: at(5), asked: [101] }] },
    ],
    [
      'once it is lifted',
      { entries: [asked, made(21)], stops: [stop(4, { lifted })], releases: [{ disclosure: at(21), asked: [201] }] },
    ],
    ['the last of the budget', { entries: [asked, made(1, 5), made(2, 5)] }],
    ['what was stolen and opens nothing', { stops: [stop(4)], forged: new Set([at(5)]) }],
  ])('%s', (_what, raced) => expect(judged(raced)).toEqual([]));
});
