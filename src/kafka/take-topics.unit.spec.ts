import type { IncomingMessage } from './kafka-port.js';
import { inCommands } from './take-topics.js';

const mebibyte = 1024 * 1024;
const messages = (...sizes: number[]): IncomingMessage[] =>
  sizes.map((size, offset) => ({ offset, at: 0, key: undefined, value: new Uint8Array(size), headers: {} }));
const offsetsOf = (some: IncomingMessage[]) => inCommands(some).map((one) => one.map(({ offset }) => offset));
const sizesOf = (some: IncomingMessage[]) => inCommands(some).map(({ length }) => length);

describe('messages go into commands', () => {
  it('in their order, all of them', () => {
    const all = messages(...Array.from({ length: 1100 }, () => 1));
    expect(inCommands(all).flat()).toEqual(all);
  });

  it('of 512 at most', () => {
    expect(sizesOf(messages(...Array.from({ length: 512 }, () => 1)))).toEqual([512]);
    expect(sizesOf(messages(...Array.from({ length: 513 }, () => 1)))).toEqual([512, 1]);
  });

  it('of 4 MiB at most', () => {
    expect(offsetsOf(messages(2 * mebibyte, 2 * mebibyte, 1))).toEqual([[0, 1], [2]]);
    expect(offsetsOf(messages(2 * mebibyte, 2 * mebibyte + 1))).toEqual([[0], [1]]);
  });

  it('one by itself if it is larger: it could never be taken otherwise', () =>
    expect(offsetsOf(messages(1, 9 * mebibyte, 1))).toEqual([[0], [1], [2]]));

  it('none without messages', () => expect(inCommands([])).toEqual([]));
});
