import fc from 'fast-check';
import { Pace, recordsEnough } from './pace.js';

const within = 500;
/** What a commit takes. */
const commit = 5;

interface Batch {
  /** When its posts came, in order. */
  readonly came: readonly number[];
  readonly sealedAt: number;
}

/** A session whose posts come by `next`: times, given when the latest batch was answered; Infinity ends it. */
function played(next: (answeredAt: number) => readonly number[], until: number, pace = new Pace(within)): Batch[] {
  const coming = [...next(0)];
  const batches: Batch[] = [];
  let waiting: number[] = [];
  for (let now = coming[0] ?? Infinity; now < until;) {
    const seen = coming.filter((at) => at <= now);
    coming.splice(0, seen.length);
    for (const at of seen) pace.came(at);
    waiting.push(...seen);
    const held = { first: waiting[0] ?? now, posts: waiting.length, records: waiting.length };
    const hold = waiting.length === 0 ? Infinity : pace.holdUntil(held);
    const soonest = Math.min(hold, coming[0] ?? Infinity);
    if (waiting.length > 0 && hold <= now) {
      pace.sealedAt(now, { ...held, held: now > held.first });
      batches.push({ came: waiting, sealedAt: now });
      waiting = [];
      now += commit;
      coming.push(...next(now));
      coming.sort((a, b) => a - b);
      if (coming.length > 0) now = Math.max(now, coming[0] as number);
    } else if (soonest === Infinity) break;
    else now = soonest;
  }
  return batches;
}

/** Comes whether it is answered or not. */
function every(ms: number, count: number) {
  let given = false;
  return (): number[] => {
    if (given) return [];
    given = true;
    return Array.from({ length: count }, (_, index) => index * ms);
  };
}
/** So many at once, and the next when they are answered. */
const atOnce = (count: number) => (answeredAt: number) =>
  Array.from({ length: count }, (_, index) => answeredAt + 0.2 * index);
const waits = ({ came, sealedAt }: Batch) => came.map((at) => sealedAt - at);
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

describe('a source that sends without waiting for its answers', () => {
  it('has a batch in half a second, however many there are in it', () => {
    const batches = played(every(16, 1000), Infinity);
    expect(sum(batches.map(({ came }) => came.length))).toBe(1000);
    expect(batches.length).toBeLessThanOrEqual((1000 * 16) / within + 8);
  });

  it('has its batches full where it is faster than that', () => {
    const full = played(every(0.1, 20 * recordsEnough), Infinity).filter(({ came }) => came.length >= recordsEnough);
    expect(full.length).toBeGreaterThanOrEqual(15);
  });

  it('waits for nobody where it is slow', () => {
    const batches = played(every(200, 100), Infinity);
    expect(batches.map(({ came }) => came.length)).toEqual(batches.map(() => 1));
    expect(sum(batches.flatMap(waits))).toBe(0);
  });
});

describe('a source that waits for its answers', () => {
  it('loses a few hundredths of its time to being asked whether it does', () => {
    const batches = played(atOnce(1), 60_000);
    expect(sum(batches.flatMap(waits)) / 60_000).toBeLessThan(0.1);
    expect(batches.length).toBeGreaterThan(0.9 * (60_000 / commit));
  });

  it('and sends several at once has those sealed together, without waiting for more', () => {
    const batches = played(atOnce(8), 10_000);
    expect(sum(batches.map(({ came }) => came.length)) / batches.length).toBeGreaterThan(7);
    expect(batches.length).toBeGreaterThan(0.7 * (10_000 / (commit + 8 * 0.2)));
  });
});

describe('nobody', () => {
  it('is held longer than it may be, whatever comes when', () =>
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1200 }), { minLength: 1, maxLength: 300 }), (pauses) => {
        let at = 0;
        const times = pauses.map((pause) => (at += pause));
        let given = false;
        const batches = played(() => (given ? [] : ((given = true), times)), Infinity);
        expect(sum(batches.map(({ came }) => came.length))).toBe(times.length);
        expect(Math.max(...batches.flatMap(waits))).toBeLessThanOrEqual(within + commit);
      }),
    ));

  it('is held at all where that is not wanted', () => {
    expect(sum(played(every(1, 500), Infinity, new Pace(0)).flatMap(waits))).toBeLessThan(500 * commit);
  });
});
