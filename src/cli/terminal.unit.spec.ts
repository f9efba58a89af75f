import { EventEmitter } from 'node:events';
import type { ReadStream } from 'node:tty';
import { openTerminal } from './terminal.js';
import { restoreTerminal } from './terminal-filter.js';

class Keys extends EventEmitter {
  raw: boolean[] = [];
  constructor(readonly isTTY = true) {
    super();
  }
  setRawMode = (on: boolean) => void this.raw.push(on);
  resume = () => this;
  pause = () => this;
  press = (key: string) => this.emit('data', Buffer.from(key));
}
let keys: Keys;
let shown: string;
const open = (on = new Keys()) => {
  keys = on;
  shown = '';
  return openTerminal(on as unknown as ReadStream, { write: (text: unknown) => ((shown += String(text)), true) });
};
beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** What became of a wait: undefined while it waits. */
function watched(wait: Promise<boolean>) {
  const seen: { result?: boolean } = {};
  void wait.then((result) => (seen.result = result));
  return seen;
}

it('the clock stands still while it is paused, and goes on with what was left', async () => {
  const terminal = open();
  const seen = watched(terminal.wait(1000));
  await jest.advanceTimersByTimeAsync(400);
  keys.press(' ');
  await jest.advanceTimersByTimeAsync(60_000);
  expect(seen.result).toBeUndefined();
  keys.press(' ');
  await jest.advanceTimersByTimeAsync(599);
  expect(seen.result).toBeUndefined();
  await jest.advanceTimersByTimeAsync(1);
  expect(seen.result).toBe(true);
});

it.each(['q', '\u0003'])('%j ends it, also while it is paused, and for every later wait', async (key) => {
  const terminal = open();
  const seen = watched(terminal.wait(1000));
  keys.press(' ');
  keys.press(key);
  await jest.advanceTimersByTimeAsync(0);
  expect(seen.result).toBe(false);
  expect(await terminal.wait(1000)).toBe(false);
});

it('paused between two waits, the next one does not begin', async () => {
  const terminal = open();
  keys.press(' ');
  const seen = watched(terminal.wait(10));
  await jest.advanceTimersByTimeAsync(60_000);
  expect(seen.result).toBeUndefined();
  keys.press(' ');
  await jest.advanceTimersByTimeAsync(10);
  expect(seen.result).toBe(true);
});

it('closed, the terminal is as it was, and keys go elsewhere', () => {
  const terminal = open();
  terminal.write('x');
  terminal.close();
  expect({ shown, raw: keys.raw, listeners: keys.listenerCount('data') }).toEqual({
    ...{ shown: `x${restoreTerminal}`, raw: [true, false] },
    listeners: 0,
  });
});

it('where there are no keys, none are asked for', () => {
  open(new Keys(false)).close();
  expect(keys.raw).toEqual([]);
});
