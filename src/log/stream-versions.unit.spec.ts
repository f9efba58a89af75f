import { StreamVersions } from './stream-versions.js';

describe('stream versions are forgotten', () => {
  it('at any size that this process did not come to itself', () => {
    const versions = new StreamVersions();
    versions.adopt(10, new Map([['a', 3]]));
    expect([...versions.at(10)]).toEqual([['a', 3]]);
    expect([...versions.at(11)]).toEqual([]);
    expect([...versions.at(10)]).toEqual([]);
  });

  it('past the bound, those written longest ago first', () => {
    const versions = new StreamVersions(2);
    versions.adopt(1, new Map([['a', 1], ['b', 1]])); // prettier-ignore
    versions.adopt(2, new Map([['a', 2]]));
    versions.adopt(3, new Map([['c', 1]]));
    expect([...versions.at(3)]).toEqual([['a', 2], ['c', 1]]); // prettier-ignore
  });

  it('but not while a group is decided that needs more of them than that', () => {
    const versions = new StreamVersions(1);
    versions.at(5);
    versions.learn([['a', 1], ['b', 1]]); // prettier-ignore
    expect(versions.at(5).size).toBe(2);
  });
});
