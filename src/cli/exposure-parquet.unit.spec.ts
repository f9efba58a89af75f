import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import type { ExposureRow } from '../history/exposure-rows.js';
import { newFile, writeParquet } from './exposure-parquet.js';

const at = Date.UTC(2026, 0, 31, 9);
const could = { kind: 'could', person: 'eve', grant: 'g1', sessions: [{ session: 'one', subject: 's1' }, { session: 'two', subject: 's2' }], fields: ['typed', 'url'], since: { position: 4, at }, until: { position: null, at: at + 1000 } } as unknown as ExposureRow; // prettier-ignore
const did = { kind: 'did', position: 7, at, person: 'eve', grant: 'g1', subject: null, session: 'one', fields: ['url'], records: 12, outcome: 'unknown', allowed: false } as unknown as ExposureRow; // prettier-ignore

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'custos-parquet-'))));
afterEach(() => rm(folder, { recursive: true }));
async function* pages(...of: ExposureRow[][]) {
  await Promise.resolve();
  yield* of;
}

it('an exposure as Parquet has its rows, with numbers, times and gaps as such, in a file of its owner alone', async () => {
  const file = join(folder, 'exposed.parquet');
  expect(await writeParquet(newFile(file), pages([could], [did]))).toBe(5);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const bytes = new Uint8Array(await readFile(file)).buffer;
  const rows = await parquetReadObjects({ file: bytes });
  expect(rows).toHaveLength(5);
  expect(rows[0]).toEqual({ kind: 'could', person: 'eve', subject: 's1', session: 'one', field: 'typed', grant: 'g1', from_position: 4n, from_time: new Date(at), until_position: null, until_time: new Date(at + 1000), records: null, outcome: 'ended', allowed: null }); // prettier-ignore
  expect(rows[4]).toMatchObject({ kind: 'did', subject: null, records: 12n, outcome: 'unknown', allowed: false });
});

it('a file that is there already is left alone', async () => {
  const file = join(folder, 'exposed.parquet');
  await writeParquet(newFile(file), pages());
  const before = await readFile(file);
  expect(() => newFile(file)).toThrow(expect.objectContaining({ code: 'usage' }));
  expect(await readFile(file)).toEqual(before);
});
