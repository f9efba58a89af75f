import type { Position } from './ids.js';
import { TailWindow } from './tail-window.js';

const entries = (from: number, count: number, bytes = 10) =>
  Array.from({ length: count }, (_, index) => ({
    position: (from + index) as Position,
    header: new Uint8Array(bytes),
  }));
const positions = (found: readonly { position: number }[]) => found.map(({ position }) => position);

describe('the window over the tail refuses', () => {
  it('an entry that does not come next: a gap, a repetition', () => {
    const window = new TailWindow(5);
    window.add(entries(5, 2));
    expect(() => window.add(entries(8, 1))).toThrow('does not come next');
    expect(() => window.add(entries(6, 1))).toThrow('does not come next');
    expect(window.end).toBe(7);
  });

  it('a position that it does not hold any more, or not yet', () => {
    const window = new TailWindow(5);
    window.add(entries(5, 2));
    expect(() => window.from(4, 1)).toThrow('not in the window');
    expect(() => window.from(8, 1)).toThrow('not in the window');
  });

  it('to grow past its bounds, in entries and in bytes', () => {
    const window = new TailWindow(0);
    for (let from = 0; from < 10_000; from += 100) window.add(entries(from, 100));
    expect({ start: window.start, end: window.end }).toEqual({ start: 10_000 - 2048, end: 10_000 });
    window.add(entries(10_000, 5, 1024 * 1024));
    expect({ start: window.start, end: window.end }).toEqual({ start: 10_001, end: 10_005 });
    window.add(entries(10_005, 1, 5 * 1024 * 1024));
    expect({ start: window.start, end: window.end }).toEqual({ start: 10_006, end: 10_006 });
  });
});

describe('the window over the tail gives', () => {
  it('exactly the entries from a position on, up to the limit, and none at its end', () => {
    const window = new TailWindow(5);
    window.add(entries(5, 10));
    expect(positions(window.from(5, 3))).toEqual([5, 6, 7]);
    expect(positions(window.from(13, 10))).toEqual([13, 14]);
    expect(window.from(15, 10)).toEqual([]);
  });
});
