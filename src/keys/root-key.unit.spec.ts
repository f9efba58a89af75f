import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sodiumReady } from '../sealing/sodium.js';
import { attestationKey, formatRootKeys, freshRootKey, parseRootKeys, rootKeysOf, withNextKey, withoutPrevious } from './root-key.js'; // prettier-ignore
import { makeRootKey, rootKeyFile } from './root-key-source.js';

let dir: string;
let path: string;
beforeAll(sodiumReady);
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'custos-root-'));
  path = join(dir, 'root.key');
});
afterEach(() => rm(dir, { recursive: true }));

const one = 'a1'.repeat(32);
const other = 'b2'.repeat(32);

describe('no root key is', () => {
  it.each([
    ['nothing', ''],
    ['half of one', one.slice(0, 32)],
    ['one in capitals', one.toUpperCase()],
    ['one with a space before it', ` ${one}`],
    ['two without a word between', `${one}\n${other}\n`],
    ['a previous one alone', `previous ${one}\n`],
    ['one with lines in another order', `${one}\nattestation ${one}\nprevious ${other}\n`],
    ['one with a line twice', `${one}\nprevious ${one}\nprevious ${other}\n`],
    ['one with a line of another name', `${one}\nnext ${other}\n`],
    ['one with a byte too many', `${one}\nprevious ${other}\n\n`],
  ])('%s', async (_what, text) => {
    expect(parseRootKeys(text)).toBeUndefined();
    await writeFile(path, text);
    await expect(rootKeyFile(path).read()).rejects.toMatchObject({ code: 'root_key_missing' });
  });

  it('a file that is not there', () =>
    expect(rootKeyFile(path).read()).rejects.toMatchObject({ code: 'root_key_missing' }));

  it('one in the clear where a seal was set up; and nothing is asked of the seal', async () => {
    await makeRootKey(path);
    const seal = { seal: () => Promise.reject(new Error()), open: () => Promise.reject(new Error()) };
    await expect(rootKeyFile(path, seal).read()).rejects.toMatchObject({ code: 'root_key_unsealed' });
  });
});

it('a root key is made once, and read as it was made', async () => {
  await makeRootKey(path);
  const text = await readFile(path, 'utf8');
  expect(text).toMatch(/^[0-9a-f]{64}\n$/);
  expect(formatRootKeys(await rootKeyFile(path).read())).toBe(text);
  await expect(makeRootKey(path)).rejects.toMatchObject({ code: 'EEXIST' });
});

it('the signing key outlives the root key that it follows from, through the file too', async () => {
  const first = rootKeysOf(freshRootKey());
  const source = rootKeyFile(path);
  for (const keys of [
    first,
    withNextKey(first),
    withoutPrevious(withNextKey(first)),
    withNextKey(withNextKey(first)),
  ]) {
    await source.write(keys);
    const read = await source.read();
    expect(attestationKey(read)).toEqual(attestationKey(first));
    expect(read.current.bytes).toEqual(keys.current.bytes);
    expect(read.previous?.bytes).toEqual(keys.previous?.bytes);
  }
  expect(await readFile(path, 'utf8')).toMatch(/^[0-9a-f]{64}\nprevious [0-9a-f]{64}\nattestation [0-9a-f]{64}\n$/);
});
