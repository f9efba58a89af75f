import { processorMs } from '../../test/processor-ms.js';
import fc from 'fast-check';
import type { EntryData, EntryType, SuppressionReason } from '../log/entries.js';
import type { Entry } from '../log/header.js';
import type { Position, SessionId, SubjectId } from '../log/ids.js';
import { answeredBefore, emptySession, evolveSession, isKeyed } from './session-state.js';

const session = 'one' as SessionId;
const subject = 's1' as SubjectId;
const epoch = (n: number) => new Uint8Array(16).fill(n);

type Told = { [T in EntryType]: [type: T, data: EntryData[T]] }[EntryType];
const opened: Told = ['session.opened', { session, format: 'rrweb' }];
const keyed = (n: number): Told => [
  'session.keyed',
  { session, epoch: epoch(n), keyId: 'k', sealedKey: new Uint8Array(80) },
];
const batch = (first: number, count: number): Told => [
  'session.batch',
  { session, epoch: epoch(1), first, count, from: 1, to: 2, catalogue: 1 },
];
const suppressed = (first: number, count: number, reason: SuppressionReason = 'paused'): Told => [
  'records.suppressed',
  { session, first, count, reason },
];
const rejected = (first: number, count = 1): Told => ['records.rejected', { session, first, count }];

const after = (...told: readonly Told[]) =>
  told
    .map(([type, data], version) => {
      const place = { position: version as Position, id: new Uint8Array(16), stream: 'session/one', version, at: 1 };
      return { ...place, type, data, actor: 'custos', subject, columns: [] } as unknown as Entry;
    })
    .reduce(evolveSession, emptySession);

describe('a session', () => {
  it('belongs to nobody while all that came was suppressed', () => {
    const state = after(suppressed(0, 5));
    expect(state.opened).toBeUndefined();
    expect(state).toMatchObject({ next: 5, version: 1 });
  });

  it('is of the subject and format that it was opened with', () => {
    expect(after(opened).opened).toEqual({ subject, format: 'rrweb' });
  });

  it('counts every entry of its stream, also those that it does not know', () => {
    expect(after(opened, ['consent.changed', { consent: 'given' }], batch(0, 1)).version).toBe(3);
  });

  it('goes on after the last record that was answered, stored or not', () => {
    expect(after(opened, batch(0, 3)).next).toBe(3);
    expect(after(opened, batch(0, 3), rejected(3)).next).toBe(4);
    expect(after(opened, batch(0, 3), rejected(3), suppressed(4, 6)).next).toBe(10);
  });

  it('is told anew in time that grows as it does, whatever became of its records', async () => {
    const all = Array.from({ length: 50_000 }, (_, first) => first);
    const took = await processorMs(() => {
      after(...all.map((first) => suppressed(first, 1)));
      after(opened, ...all.map((first) => (first % 2 === 0 ? rejected(first) : batch(first, 1))));
    });
    // Some 100 ms; where each hole was a copy of all before it, 20 s and more.
    expect(took).toBeLessThan(4000);
  });

  it('has the keys that the log has, and no other', () => {
    const state = after(opened, keyed(1), keyed(2));
    expect([1, 2, 3].map((n) => isKeyed(state, epoch(n)))).toEqual([true, true, false]);
  });
});

describe('records that come again', () => {
  const state = after(opened, batch(0, 3), rejected(3), suppressed(4, 3), suppressed(7, 1, 'erased'), batch(8, 2));

  it.each([
    ['only stored ones', 0, 3, { duplicate: 3, suppressed: 0, rejected: 0 }],
    ['up to the rejected one', 0, 4, { duplicate: 3, suppressed: 0, rejected: 1 }],
    ['only the suppressed ones', 4, 4, { duplicate: 0, suppressed: 4, rejected: 0 }],
    ['from within a hole to within a batch', 6, 3, { duplicate: 1, suppressed: 2, rejected: 0 }],
    ['none', 5, 0, { duplicate: 0, suppressed: 0, rejected: 0 }],
    ['all', 0, 10, { duplicate: 5, suppressed: 4, rejected: 1 }],
  ])('are answered as they were at first: %s', (_what, first, count, answer) => {
    expect(answeredBefore(state, first, count)).toEqual(answer);
  });

  it('are answered each once, however they are cut, as if one by one', () => {
    const kind = fc.constantFrom('batch' as const, 'rejected' as const, 'suppressed' as const);
    const runs = fc.array(fc.tuple(kind, fc.integer({ min: 1, max: 6 })), { maxLength: 12 });
    fc.assert(
      fc.property(runs, fc.nat(80), fc.nat(80), (lengths, a, b) => {
        const fates: string[] = [];
        const told = lengths.map(([what, count]) => {
          const first = fates.length;
          fates.push(...Array<string>(count).fill(what));
          return { batch, rejected, suppressed }[what](first, count);
        });
        const state = after(...told);
        expect(state.next).toBe(fates.length);
        const [from, to] = [Math.min(a, b, fates.length), Math.min(Math.max(a, b), fates.length)];
        const number = (fate: string) => fates.slice(from, to).filter((one) => one === fate).length;
        expect(answeredBefore(state, from, to - from)).toEqual({
          duplicate: number('batch'),
          rejected: number('rejected'),
          suppressed: number('suppressed'),
        });
      }),
    );
  });
});
