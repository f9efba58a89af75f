import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { governs, type EntryType } from './entries.js';
import { entrySamples } from './entry-samples.spec.js';
import { decodeHeader, encodeHeader, type Entry } from './header.js';
import { headerVersion } from './header-scan.js';
import { upcasters } from './upcasters.js';

/**
 * Headers as every version of this program has written them, in base64: whoever changes how they are read sees here what
 * old logs become, and which type a step of `upcasters.ts` forgot. `CUSTOS_WRITE_SAMPLES=1 npx jest src/log/entry-samples` adds those of new types, and changes none.
 */
const file = join(__dirname, 'vectors/entries.json');
type Samples = Record<'v1' | 'v2', Record<string, string>>;

const types = Object.keys(governs) as EntryType[];
const command = new Uint8Array(32).fill(5);
const entryOf = (type: EntryType) =>
  ({
    ...{ position: 90, id: new Uint8Array(16).fill(3), stream: 'sample/1', version: 4, type, at: 1_767_225_650_000 },
    ...{ actor: 'officer1', subject: 'anna', data: entrySamples[type] },
    columns: [{ field: 'typed', bytes: 512, sha256: new Uint8Array(32).fill(6) }],
  }) as unknown as Entry;
const written = (type: EntryType) => encodeHeader({ ...entryOf(type), command });

function samples(): Samples {
  const found = JSON.parse(readFileSync(file, 'utf8')) as Samples;
  if (process.env['CUSTOS_WRITE_SAMPLES'] === undefined) return found;
  const v2 = Object.fromEntries(types.map((type) => [type, Buffer.from(written(type)).toString('base64')]));
  const all = { v1: found.v1, v2: { ...v2, ...found.v2 } };
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
  return all;
}

const { v1, v2 } = samples();
const bytesOf = (text: string | undefined) => new Uint8Array(Buffer.from(text ?? '', 'base64'));

it('every version has samples, of all that may have been written in it', () => {
  const lifted = Object.keys(upcasters).map((version) => `v${version}`);
  expect(Object.keys(samples())).toEqual([...lifted, `v${headerVersion}`]);
});

it('every type of entry has a sample', () => {
  expect(Object.keys(v2).sort()).toEqual([...types].sort());
});

it.each(types)('%s is written as it was, and read as it was written', (type) => {
  const sample = bytesOf(v2[type]);
  expect(decodeHeader(sample)).toEqual({ ...entryOf(type), command });
  expect(written(type)).toEqual(sample);
});

it.each(Object.keys(v1) as EntryType[])('%s of the first version is lifted to what is read today', (type) => {
  expect(decodeHeader(bytesOf(v1[type]))).toEqual(entryOf(type));
});
