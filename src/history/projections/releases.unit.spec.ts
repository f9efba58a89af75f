import { decodeHeader, encodeHeader, type Entry } from '../../log/header.js';
import { foldEntries } from './builds.js';
import { releases, settled, type ReleaseChange } from './releases.js';

const entry = (position: number, type: string, data: object): Entry =>
  decodeHeader(
    encodeHeader({
      ...{ position, type, data, at: 5, actor: 'researcher', subject: 's1', columns: [] },
      ...{ id: new Uint8Array(16), stream: 'x', version: 0 },
    } as unknown as Entry),
  );
const grant = '00000000-0000-4000-8000-000000000001';
const made = (position: number) =>
  entry(position, 'disclosure.made', { grant, session: 'one', fields: ['typed'], versions: 1, records: 9 });

describe('a release', () => {
  it('is one change, its end another, and all else none', () => {
    const entries = [
      made(3),
      entry(4, 'consent.changed', { consent: 'given' }),
      entry(5, 'disclosure.completed', { disclosure: 3, records: 7, outcome: 'delivered' }),
    ];
    expect(foldEntries(releases, entries, 6)).toEqual({
      changes: [
        { kind: 'made', position: 3, at: 5, person: 'researcher', subject: 's1', session: 'one', request: grant, fields: ['typed'], records: 9 },
        { kind: 'ended', of: 3, outcome: 'delivered', records: 7, position: 5 },
      ],
      position: 6,
      stopped: null,
    }); // prettier-ignore
  });

  it('that cannot be folded stops the projection below it, in constant words', () => {
    const poisoned = {
      ...releases,
      changes: (one: Entry) => {
        if (one.position === 4) throw new Error('words of the entry');
        return releases.changes(one);
      },
    };
    const folded = foldEntries(poisoned, [made(3), made(4), made(5)], 6);
    expect(folded).toMatchObject({ position: 4, stopped: 'entry_not_folded', changes: [{ position: 3 }] });
  });
});

describe('what a batch brings', () => {
  const change = (position: number): ReleaseChange => ({ kind: 'made', position, at: 5, person: 'p', subject: null, session: 'one', request: 'g', fields: [], records: 9 }); // prettier-ignore
  const end = (of: number, position: number, outcome = 'delivered'): ReleaseChange => ({ kind: 'ended', of, outcome, records: 7, position }); // prettier-ignore

  it('is one row of a release that it ends too: the first word counts, and what was delivered', () => {
    const { rows, ended } = settled([change(3), change(4), end(3, 5), end(3, 6, 'stopped'), end(4, 7, 'stopped')]);
    expect(rows).toEqual([
      { ...change(3), records: 7, outcome: 'delivered', completed: 5 },
      { ...change(4), records: 9, outcome: 'stopped', completed: 7 },
    ]);
    expect(ended).toEqual([]);
  });

  it('is a row without an end where that is not there yet, and the end of one that was written before', () => {
    const { rows, ended } = settled([change(3), end(1, 4), end(1, 5, 'stopped')]);
    expect(rows).toEqual([change(3)]);
    expect(ended).toEqual([end(1, 4)]);
  });
});
