import { nestingLimit } from './json-data.js';
import { openColumn } from './open-column.js';
import { mostRecordsInABatch, sealBatches, type RecordToSeal, type SealedBatch } from './seal-batches.js';
import { Secret } from './secret.js';
import { columnKey } from './session-key.js';
import { sodiumReady } from './sodium.js';

beforeAll(sodiumReady);

const epoch = { id: new Uint8Array(16).fill(3), key: new Secret(new Uint8Array(32).fill(9)) };
const catalogue = { version: 7, fields: ['time', 'kind', 'typed', 'url'] };
const to = { origin: 'custos.example/log', session: 'ses_1', catalogue, epoch };

const record = (sequence: number, parts: RecordToSeal['parts'] = {}, tags: string[] = []): RecordToSeal => ({
  sequence,
  time: 1_000 + sequence,
  parts,
  tags: new Set(tags),
});
const consecutive = (count: number, first = 0) => Array.from({ length: count }, (_, index) => record(first + index));
const spansOf = (records: readonly RecordToSeal[]) =>
  sealBatches(records, to).batches.map(({ data: { first, count } }) => [first, count]);

function opened({ id, data, columns }: SealedBatch) {
  return columns.map(({ field, sealed }) => {
    const { origin, session } = to;
    const binding = { origin, session, entry: id, field, count: data.count, catalogue: 7 };
    const column = openColumn(columnKey(epoch.key, field), binding, sealed);
    return [field, column.kind === 'opened' ? column.values : column.kind];
  });
}
const onlyBatch = (...records: RecordToSeal[]) => {
  const { batches } = sealBatches(records, to);
  expect(batches).toHaveLength(1);
  return batches[0] as SealedBatch;
};

let deep: unknown = 1;
for (let level = 0; level <= nestingLimit; level += 1) deep = [deep];
const tooDeep = { typed: deep as string };

describe('records are sealed in batches', () => {
  it('of consecutive sequence numbers, in the order in which they come', () => {
    expect(spansOf([])).toEqual([]);
    expect(spansOf([...consecutive(3, 4), ...consecutive(2, 8)])).toEqual([[4, 3], [8, 2]]); // prettier-ignore
    expect(spansOf([record(2), record(2), record(1)])).toEqual([[2, 1], [2, 1], [1, 1]]); // prettier-ignore
  });

  it('of at most 512 records', () => {
    expect(mostRecordsInABatch).toBe(512);
    expect(spansOf(consecutive(512, 5))).toEqual([[5, 512]]);
    expect(spansOf(consecutive(1_025))).toEqual([[0, 512], [512, 512], [1_024, 1]]); // prettier-ignore
  });

  it('with an id of its own each, and what is told of them in clear', () => {
    const times = [record(4), { ...record(5), time: 1_300 }, { ...record(6), time: 900 }];
    const { id, data } = onlyBatch(...times);
    expect(data).toStrictEqual({ epoch: epoch.id, first: 4, count: 3, from: 900, to: 1_300, catalogue: 7 });
    expect(id).toHaveLength(16);
    expect(onlyBatch(record(4)).id).not.toEqual(id);
  });

  it('that tell in how many records each tag was found', () => {
    const tagged = [record(0, {}, ['card', 'iban']), record(1), record(2, {}, ['card'])];
    expect(onlyBatch(...tagged).data.tags).toEqual({ card: 2, iban: 1 });
  });
});

describe('the columns of a batch', () => {
  it('are the fields of which some record has a value, in the order of the catalogue, and always the time', () => {
    const batch = onlyBatch(record(0, { url: 'a', other: 1 }), record(1, { kind: null, typed: undefined }));
    expect(opened(batch)).toEqual([
      ['time', [[1_000], [1_001]]],
      ['kind', [undefined, null]],
      ['url', ['a', undefined]],
    ]);
  });

  it('keep what a record itself says of its time beside the time', () => {
    const batch = onlyBatch(record(0, { time: '12:00' }), record(1), record(2, { time: null }));
    expect(opened(batch)).toEqual([['time', [[1_000, '12:00'], [1_001], [1_002, null]]]]);
  });

  it('leave no key of theirs behind, neither sealed nor refused', () => {
    const wiped = jest.spyOn(Secret.prototype, 'wipe');
    sealBatches([record(0, { kind: 1 }), record(2, tooDeep)], to);
    // Two columns of the first record; of the other its time, and the one that is refused.
    expect(wiped).toHaveBeenCalledTimes(4);
    wiped.mockRestore();
  });
});

describe('a record that no column can hold', () => {
  it('is refused alone: those around it are sealed', () => {
    const records = [record(0), record(1), record(2, tooDeep), record(3), record(4)];
    const { batches, refused } = sealBatches(records, to);
    expect(refused).toEqual([2]);
    expect(batches.flatMap(({ data: { first, count } }) => Array.from({ length: count }, (_, at) => first + at))).toEqual(
      [0, 1, 3, 4],
    ); // prettier-ignore
    expect(sealBatches([record(9, tooDeep)], to)).toEqual({ batches: [], refused: [9] });
  });

  it('is none for what is no JSON data: that is a mistake of ours, and is thrown', () => {
    expect(() => sealBatches([record(0, { typed: NaN })], to)).toThrow(TypeError);
  });
});
