import type { Position } from '../log/ids.js';
import { pageOf, type Notice } from './notices.js';

const at = (position: number): Notice => ({ position: position as Position, at: 1, kind: 'reviewed', person: 'ola' });
const positions = (notices: readonly Notice[]) => notices.map(({ position }) => position as number);

describe('a page of notices', () => {
  it.each([
    [4, [3, 5, 8], { more: false, next: 9 }],
    [3, [3, 5, 8], { more: false, next: 9 }],
    [2, [3, 5], { more: true, next: 8 }],
    [1, [3], { more: true, next: 5 }],
  ])('of %i at most is in order, and goes on at the first that is left or at the size', (limit, found, rest) => {
    const { notices, ...page } = pageOf([at(8), at(3), at(5)], { size: 9, limit });
    expect([positions(notices), page]).toEqual([found, rest]);
  });

  it('tells once what somebody is told for two reasons', () => {
    const { notices, ...page } = pageOf([at(3), at(5), at(5)], { size: 9, limit: 2 });
    expect([positions(notices), page]).toEqual([[3, 5], { more: false, next: 9 }]);
  });

  it('of nothing goes on at the size', () => {
    expect(pageOf([], { size: 9, limit: 1 })).toEqual({ notices: [], next: 9, more: false });
  });
});
