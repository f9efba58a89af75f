import { start, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import type { Records } from '../log/entries.js';
import type { SessionId } from '../log/ids.js';

let vault: VaultInProcess;
beforeAll(async () => (vault = await VaultInProcess.start()));
afterAll(() => vault.stop());

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
};
const numbers = (count: number) => new Array<number>(count).fill(1);

describe('a record that no column can hold is rejected by its place, and those beside it are kept', () => {
  it.each([
    ['one level too deep', nested(1201)],
    ['a hundred thousand levels deep', nested(100_000)],
    ['with a number beyond all numbers', { type: 4, data: { width: JSON.parse('1e400') }, timestamp: 1 }],
    ['of more values than a column has', { type: 5, data: { payload: numbers(2 ** 22) }, timestamp: 1 }],
    [
      'that is as deep as may be, and its parts are deeper',
      { type: 5, data: nested(1198), timestamp: 1, more: nested(1199) },
    ],
  ])('%s', async (what, data) => {
    const session = what.replaceAll(/\W+/g, '-').slice(0, 60);
    const [first, , third] = typedRecords(3) as [Odd, Odd, Odd];
    const answer = await vault.ingest(session, 's1', [first, { time: start, data }, third]);
    expect(answer).toMatchObject({
      accepted: 2,
      rejected: 1,
      next: 3,
      problems: [{ index: 1, code: 'record_unstorable' }],
    });
    const entries = await vault.log.reader.session(session as SessionId);
    const told = entries.map(({ type, data }) => [type, (data as Records).first, (data as Records).count]);
    expect(told.slice(2)).toEqual([
      ['session.batch', 0, 1],
      ['records.rejected', 1, 1],
      ['session.batch', 2, 1],
    ]);
    expect(await vault.ingest(session, 's1', [first, { time: start, data }, third])).toMatchObject({
      duplicate: 2,
      rejected: 1,
    });
  });
});

it('records that are too much for one column are kept in more than one', async () => {
  const records = Array.from({ length: 5 }, (_, index) => ({
    time: start + index,
    data: { type: 5, data: { payload: numbers(1_500_000) }, timestamp: index },
  }));
  expect(await vault.ingest('much', 's1', records)).toMatchObject({ accepted: 5, rejected: 0, next: 5 });
  const entries = await vault.log.reader.session('much' as SessionId);
  expect(entries.filter(({ type }) => type === 'session.batch').map(({ data }) => (data as Records).count)).toEqual([
    2, 1, 2,
  ]);
});

type Odd = { time: number; data: unknown };
