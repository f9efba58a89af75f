import { forgetPeak, memoryOf } from '../../../bench/peak-memory.js';
import { packArchive, unpackArchive } from './archive.js';

const megabyte = 1024 * 1024;

/** One file, and a directory that names it under a hundred names: each would be a copy of its own. */
function bomb(names: number): Uint8Array {
  const single = Buffer.from(packArchive([{ name: 'file0000', bytes: new Uint8Array(megabyte) }]));
  const end = single.length - 22;
  const directoryAt = single.readUInt32LE(end + 16);
  const line = single.subarray(directoryAt, end);
  const lines = Array.from({ length: names }, (_, index) => {
    const renamed = Buffer.from(line);
    renamed.write(`file${String(index).padStart(4, '0')}`, 46, 'latin1');
    return renamed;
  });
  const last = Buffer.from(single.subarray(end));
  for (const at of [8, 10]) last.writeUInt16LE(names, at);
  last.writeUInt32LE(names * line.length, 12);
  return Buffer.concat([single.subarray(0, directoryAt), ...lines, last]);
}

describe('an archive', () => {
  it('is read again as it was written, and an empty file too', () => {
    const files = [{ name: 'a', bytes: new Uint8Array([1, 2]) }, { name: 'b/c', bytes: new Uint8Array() }]; // prettier-ignore
    expect(unpackArchive(packArchive(files))?.map(({ name, bytes }) => [name, [...bytes]])).toEqual([['a', [1, 2]], ['b/c', []]]); // prettier-ignore
    expect(unpackArchive(bomb(1))).toHaveLength(1);
  });

  it('that has one file under many names is refused before it has filled the memory', async () => {
    const archive = bomb(300);
    // Only Linux forgets the peak of what ran here before; elsewhere it may be higher than this one.
    await forgetPeak(process.pid).catch(() => undefined);
    const peak = async () => (await memoryOf(process.pid))?.peak ?? process.resourceUsage().maxRSS / 1024;
    const before = await peak();
    expect(unpackArchive(archive)).toBeUndefined();
    expect((await peak()) - before).toBeLessThan(100);
  });
});
