import fc from 'fast-check';
import type { Trust } from '../identity/trust.js';
import type { EntryData } from '../log/entries.js';
import { fieldNames, type FieldName } from '../log/fields.js';
import type { Of } from '../log/governance.js';
import type { Entry, EntryOf } from '../log/header.js';
import type { ActId, Position } from '../log/ids.js';
import {
  dayMs,
  due,
  expiryOf,
  inForce,
  retentionAct,
  retentionSlice,
  type Due,
  type Retention,
  type RetentionBody,
} from './retention.js';
import { allowedByOracle, goneByOracle, longestByOracle, setBy } from './retention.oracle.spec.js';

type Told = { [T in 'act.signed' | 'columns.expired']: { type: T; data: EntryData[T]; at: number } }[
  'act.signed' | 'columns.expired'];

const keep = (at: number, ...kept: [FieldName, number | null][]): Told => ({
  type: 'act.signed',
  at,
  data: { act: 'a' as ActId, envelope: JSON.stringify(bodyOf(kept)) },
});
const bodyOf = (kept: readonly [FieldName, number | null][]): RetentionBody => ({
  keep: kept.map(([field, days]) => ({ field, days })),
  reason: 'as it was agreed',
});
const expire = (at: number, data: Due): Told => ({ type: 'columns.expired', at, data });

const entries = (told: readonly Told[]): Entry[] =>
  told.map(
    (one, position) =>
      ({ ...one, position, id: new Uint8Array(16), stream: 'retention', version: position, actor: 'custos', columns: [] }) as unknown as Entry, // prettier-ignore
  );
/** Beside an authority in which every signature completes its quorum: acts have tests of their own. */
function fold(state: Retention, entry: Entry): Retention {
  const act = { kind: retentionAct.kind, body: { keep: setBy(entry), reason: 'as it was agreed' } };
  const of = (() => ({ enforced: { position: entry.position, act } })) as unknown as Of;
  return retentionSlice.evolve(state, entry, of);
}
const after = (...told: readonly Told[]): Retention => entries(told).reduce(fold, retentionSlice.empty);
const days = (count: number) => count * dayMs;

describe('no column expires', () => {
  it('while nothing was set, however old it is', () => {
    expect(due(retentionSlice.empty, days(100_000))).toEqual([]);
  });

  it('of a field that was not named', () => {
    const state = after(keep(0, ['screen', 30]));
    expect(due(state, days(100)).map(({ field }) => field)).toEqual(['screen']);
  });

  it('before it is as old as was set', () => {
    const state = after(keep(0, ['screen', 30]));
    const [cut] = due(state, days(40));
    expect(cut).toEqual({ field: 'screen', before: days(10), policy: 0 });
    const expired = after(keep(0, ['screen', 30]), expire(days(40), cut as Due));
    expect(expiryOf(expired, 'screen', days(10))).toBeUndefined();
    expect(expiryOf(expired, 'screen', days(10) - 1)).toEqual({ before: days(10), position: 1, at: days(40) });
    expect(expiryOf(expired, 'url', days(10) - 1)).toBeUndefined();
  });

  it('within a day of the first setting, and of a shorter one', () => {
    const first = after(keep(days(100), ['screen', 30]));
    expect(due(first, days(101) - 1)).toEqual([]);
    expect(due(first, days(101))).toHaveLength(1);
    const shorter = after(keep(0, ['screen', 30]), keep(days(100), ['screen', 3]));
    expect(inForce(shorter, 'screen', days(101) - 1)).toMatchObject({ days: 30, position: 0 });
    expect(inForce(shorter, 'screen', days(101))).toMatchObject({ days: 3, position: 1 });
  });

  it('by a shorter retention that was put right within the day', () => {
    const slip = after(keep(0, ['screen', 30]), keep(days(100), ['screen', 3]), keep(days(100) + 1, ['screen', 30]));
    for (const at of [days(100) + 2, days(101), days(101) + 1, days(200)]) {
      expect(inForce(slip, 'screen', at)).toMatchObject({ days: 30 });
    }
  });

  it('once it is to be kept for good, at once', () => {
    expect(due(after(keep(0, ['screen', 30]), keep(days(50), ['screen', null])), days(50))).toEqual([]);
  });

  const policy = keep(0, ['screen', 30], ['url', 10]);
  const right: Due = { field: 'screen', before: days(10), policy: 0 };
  it.each<[what: string, told: Told]>([
    ['one millisecond too early', expire(days(40) - 1, right)],
    ['one millisecond too much', expire(days(40), { ...right, before: days(10) + 1 })],
    ['another field', expire(days(40), { ...right, field: 'typed' })],
    ['another policy', expire(days(40), { ...right, policy: 1 })],
    ['no whole number', expire(days(40), { ...right, before: 0.5 })],
    ['a field that there is not', expire(days(40), { ...right, field: '*' as FieldName })],
    ['more than the three members', expire(days(40), { ...right, more: 1 } as Due)],
  ])('by an entry that says %s: the state stays the very same', (_what, told) => {
    const before = after(policy);
    const [, entry] = entries([policy, told]);
    expect(fold(before, entry as Entry)).toBe(before);
    // Unchanged, it holds.
    expect(expiryOf(after(policy, expire(days(40), right)), 'screen', 0)).toBeDefined();
  });

  it.each<[what: string, kept: [FieldName, number | null][]]>([
    ['no field', []],
    ['a field twice', [['url', 1], ['url', 2]]],
    ['no day', [['url', 0]]],
    ['half a day', [['url', 0.5]]],
    ['every field', [['*' as FieldName, 1]]],
  ])('by a setting of %s', (_what, kept) => {
    expect(after(keep(0, ...kept))).toBe(retentionSlice.empty);
  }); // prettier-ignore
});

describe('what expired', () => {
  it('stays so, whatever is set later', () => {
    const state = after(
      keep(0, ['screen', 1]),
      expire(days(10), { field: 'screen', before: days(9), policy: 0 }),
      keep(days(10), ['screen', null]),
    );
    expect(expiryOf(state, 'screen', days(9) - 1)).toMatchObject({ position: 1 });
  });
});

describe('after any history', () => {
  const hour = 3_600_000;
  const start = 1000 * hour;
  const names = ['screen', 'url', 'typed'] as const;
  const length = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.constant(null), fc.constant(0));
  /** Hours, so that days and notices are met exactly as often as missed. */
  const gap = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 }), fc.constant(24));
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('set' as const),
        gap,
        settings: fc.uniqueArray(fc.tuple(fc.constantFrom(...names), length), { selector: ([name]) => name }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('sweep' as const), gap }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('forge' as const),
        gap,
        field: fc.constantFrom(...names),
        off: fc.constantFrom(-24 * hour, -1, 0, 1, 24 * hour),
        policy: fc.oneof(fc.constant(undefined), fc.nat(6)),
      }),
    },
  );
  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

  /** A log of retention entries beside its state. */
  class History {
    told: readonly Told[] = [];
    state = retentionSlice.empty;
    readonly seen = { swept: 0, held: 0, refused: 0 };

    run(steps: readonly Step[]): number {
      let at = start;
      for (const one of steps) {
        at += one.gap * hour;
        if (one.kind === 'set') this.add(keep(at, ...one.settings));
        else if (one.kind === 'sweep') this.sweep(at);
        else this.forge(at, one);
      }
      return at;
    }

    private add(one: Told): Entry {
      this.told = [...this.told, one];
      const entry = entries(this.told).at(-1) as Entry;
      this.state = fold(this.state, entry);
      return entry;
    }

    private sweep(at: number): void {
      for (const cut of due(this.state, at)) {
        expect(longestByOracle(entries(this.told), cut.field, at).days).toBe((at - cut.before) / dayMs);
        this.add(expire(at, cut));
        this.seen.swept += 1;
      }
      expect(due(this.state, at)).toEqual([]);
    }

    /** What may be given up now, or something near it. */
    private forge(at: number, { field, off, policy }: Extract<Step, { kind: 'forge' }>): void {
      const right = due(this.state, at).find((one) => one.field === field) ?? {
        field,
        before: at - 72 * hour,
        policy: 0,
      };
      const [before, past] = [this.state, entries(this.told)];
      const forged = { field, before: right.before + off, policy: policy ?? right.policy };
      const entry = this.add(expire(at, forged)) as EntryOf<'columns.expired'>;
      const allowed = allowedByOracle(past, entry);
      expect(this.state !== before).toBe(allowed);
      this.seen[allowed ? 'held' : 'refused'] += 1;
    }
  }

  it('a column is gone exactly where the oracle says so, and every sweep takes exactly what it may', () => {
    const seen = { swept: 0, held: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const history = new History();
        const end = history.run(steps);
        const past = entries(history.told);
        const edges = past.flatMap((one) =>
          one.type === 'columns.expired' ? [one.data.before - 1, one.data.before] : [],
        );
        for (const name of names) {
          for (const at of [0, end, ...edges]) {
            expect(expiryOf(history.state, name, at) !== undefined).toBe(goneByOracle(past, name, at));
          }
        }
        for (const kind of ['swept', 'held', 'refused'] as const) seen[kind] += history.seen[kind];
      }),
      { numRuns: 1000 },
    );
    // A run that never met a case would prove nothing.
    expect(Object.values(seen).every((count) => count > 20)).toBe(true);
  });
});

describe('a retention', () => {
  const { quorum } = { quorum: { ordinary: 2, large: 3 } };
  const signers = (...kept: [FieldName, number | null][]) => retentionAct.signers({ quorum } as Trust, bodyOf(kept));

  it('that may come to delete takes a quorum, also beside one that keeps', () => {
    expect(signers(['url', 36_500])).toBe(2);
    expect(signers(['screen', null], ['url', 36_500])).toBe(2);
  });

  it('that keeps for good takes one officer', () => {
    expect(signers(['screen', null], ['url', null])).toBe(1);
  });
});

it('every field of the catalogue can have a retention', () => {
  const state = after(keep(0, ...fieldNames.map((name): [FieldName, number] => [name, 1])));
  expect(due(state, days(3)).map(({ field }) => field)).toEqual(fieldNames);
  expect(state.settings.get('time')?.[0]?.position).toBe(0 as Position);
});
