import type { Position } from './ids.js';
import { pageOf } from './page.js';

const at = (...positions: number[]) => positions.map((position) => ({ position: position as Position }));
const numbers = ({ position }: { position: Position }) => position;
const even = ({ position }: { position: Position }) => (position % 2 === 0 ? position : undefined);

describe('a page', () => {
  it('is in the order of the log, from behind a position on', () => {
    expect(pageOf(at(7, 3, 0, 5), { after: -1, limit: 9 }, numbers)).toEqual({ items: [0, 3, 5, 7], next: null });
    expect(pageOf(at(7, 3, 0, 5), { after: 3, limit: 9 }, numbers)).toEqual({ items: [5, 7], next: null });
    expect(pageOf(at(7, 3), { after: 7, limit: 9 }, numbers)).toEqual({ items: [], next: null });
  });
  it('names what comes next only where there is more', () => {
    expect(pageOf(at(1, 2, 3), { after: -1, limit: 2 }, numbers)).toEqual({ items: [1, 2], next: 2 });
    expect(pageOf(at(1, 2), { after: -1, limit: 2 }, numbers)).toEqual({ items: [1, 2], next: null });
  });
  it('is full of what is listed, and says nothing of the rest', () => {
    expect(pageOf(at(0, 1, 2, 3, 4, 5), { after: -1, limit: 2 }, even)).toEqual({ items: [0, 2], next: 2 });
    expect(pageOf(at(0, 1, 2, 3, 5), { after: -1, limit: 2 }, even)).toEqual({ items: [0, 2], next: null });
  });
  it('looks at no more than it needs', () => {
    const seen: number[] = [];
    pageOf(at(1, 2, 3, 4, 5), { after: 1, limit: 2 }, ({ position }) => seen.push(position));
    expect(seen).toEqual([2, 3, 4]);
  });
});
