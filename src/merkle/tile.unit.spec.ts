import { completedTiles, entriesPath, parseEntriesPath, parseTilePath, tilePath, tilesOf } from './tile.js';

describe('the path of a tile', () => {
  it.each([
    [0, 999, 256, 'tile/0/999'],
    [0, 1_000, 256, 'tile/0/x001/000'],
    [6, 0, 1, 'tile/6/000.p/1'],
    [63, Number.MAX_SAFE_INTEGER, 255, 'tile/63/x009/x007/x199/x254/x740/991.p/255'],
  ])('at level %i, of index %i and width %i is %s', (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path);
    expect(parseTilePath(path)).toEqual({ level, index, width });
  });

  it('is that of a full tile where no width is said', () => {
    expect(tilePath(1, 5)).toBe('tile/1/005');
    expect(entriesPath(5)).toBe('tile/entries/005');
  });

  it.each([
    [() => tilePath(64, 0), 'level: not an integer from 0 to 63'],
    [() => tilePath(-1, 0), 'level: not an integer from 0 to 63'],
    [() => tilePath(0, -1), 'index: not an integer'],
    [() => tilePath(0, 2 ** 53), 'index: not an integer'],
    [() => entriesPath(0.5), 'index: not an integer'],
    [() => tilePath(0, 0, 0), 'width: not an integer from 1 to 256'],
    [() => tilePath(0, 0, 257), 'width: not an integer from 1 to 256'],
    [() => entriesPath(0, 1.5), 'width: not an integer from 1 to 256'],
  ])('is not made of what is none: %s', (make, message) => {
    expect(make).toThrow(
      new RangeError(message.endsWith('integer') ? `${message} from 0 to 9007199254740991` : message),
    );
  });

  it.each([
    '',
    'tile/0',
    'tile/1/05',
    'tile/1/5',
    'tile/x/005',
    'tile/-1/005',
    'tile/100/005',
    'tile/1/x005',
    'tile/1/001/005',
    'tile/1/x1/005',
    'tile/1/005x',
    'tile/1/005.p/',
    'tile/1/005.p/08',
    'tile/1/005.p/257',
    'tile/1/005.p/8/',
    'tile/1/005.p/8\n',
    'xtile/1/005',
    'tile/entries/005',
    'tile/1/x009/x007/x199/x254/x740/992',
  ])('is not %p', (path) => expect(() => parseTilePath(path)).toThrow('tile_path_malformed'));
});

describe('the path of a bundle of entries', () => {
  it.each([
    [0, 256, 'tile/entries/000'],
    [1_234_067, 256, 'tile/entries/x001/x234/067'],
    [1_234_067, 8, 'tile/entries/x001/x234/067.p/8'],
    [7, 255, 'tile/entries/007.p/255'],
  ])('of index %i and width %i is %s', (index, width, path) => {
    expect(entriesPath(index, width)).toBe(path);
    expect(parseEntriesPath(path)).toEqual({ index, width });
  });

  it.each([
    '',
    'tile/entries/',
    'tile/entries/0',
    'tile/entries/x000/001',
    'tile/entries/001/002',
    'tile/entries/000.p/0',
    'tile/entries/000.p/256',
    'tile/entries/000.p/1000',
    'tile/entries/000/',
    'tile/0/000',
    'xtile/entries/000',
    'tile/entries/x009/x007/x199/x254/x740/992',
  ])('is not %p', (path) => expect(() => parseEntriesPath(path)).toThrow('tile_path_malformed'));
});

describe('the tiles of a tree', () => {
  it.each([
    [0, []],
    [1, [{ level: 0, fullTiles: 0, partialWidth: 1 }]],
    [255, [{ level: 0, fullTiles: 0, partialWidth: 255 }]],
    [256, [{ level: 0, fullTiles: 1, partialWidth: 0 }, { level: 1, fullTiles: 0, partialWidth: 1 }]],
    [
      65_537 + 256,
      [
        { level: 0, fullTiles: 257, partialWidth: 1 },
        { level: 1, fullTiles: 1, partialWidth: 1 },
        { level: 2, fullTiles: 0, partialWidth: 1 },
      ],
    ],
  ])('of %i leaves are these', (size, tiles) => expect(tilesOf(size)).toEqual(tiles)); // prettier-ignore

  it('reach level 6 where a number counts no further', () => {
    expect(tilesOf(Number.MAX_SAFE_INTEGER).map(({ level }) => level)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(() => tilesOf(-1)).toThrow('size: not an integer');
  });

  it('become full at a multiple of their width, the lowest level first', () => {
    expect(completedTiles(0, 255)).toEqual([]);
    expect(completedTiles(255, 256)).toEqual([{ level: 0, index: 0 }]);
    expect(completedTiles(256, 511)).toEqual([]);
    expect(completedTiles(256, 768)).toEqual([{ level: 0, index: 1 }, { level: 0, index: 2 }]); // prettier-ignore
    expect(completedTiles(65_535, 65_536)).toEqual([{ level: 0, index: 255 }, { level: 1, index: 0 }]); // prettier-ignore
    expect(completedTiles(700, 700)).toEqual([]);
  });

  it('are asked for from a size to one that is not smaller', () => {
    expect(() => completedTiles(2, 1)).toThrow('fromSize: not an integer from 0 to 1');
    expect(() => completedTiles(0, NaN)).toThrow('toSize: not an integer');
  });
});
