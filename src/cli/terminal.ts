import type { ReadStream, WriteStream } from 'node:tty';
import type { Terminal } from './play-cast.js';
import { restoreTerminal } from './terminal-filter.js';

type Keys = Pick<ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>;

/** A terminal with a clock that stands still while it is paused. Close it, whatever happened. */
export function openTerminal(keys: Keys, screen: Pick<WriteStream, 'write'>): Terminal & { close(): void } {
  let isPaused = false;
  let hasEnded = false;
  let waiting: { leftMs: number; since: number; timer?: NodeJS.Timeout; done: () => void } | undefined;

  const run = () => {
    if (waiting === undefined || isPaused) return;
    waiting.since = performance.now();
    waiting.timer = setTimeout(waiting.done, waiting.leftMs);
  };
  const hold = () => {
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    waiting.leftMs = Math.max(0, waiting.leftMs - (performance.now() - waiting.since));
  };
  const pressed = (key: Buffer) => {
    for (const one of key.toString('latin1')) {
      if (one === ' ') {
        isPaused = !isPaused;
        if (isPaused) hold();
        else run();
      }
      // In raw mode Ctrl-C is a key like any other.
      if (one === 'q' || one === '\u0003') {
        hasEnded = true;
        waiting?.done();
      }
    }
  };
  if (keys.isTTY) {
    keys.setRawMode(true);
    keys.on('data', pressed);
    keys.resume();
  }
  return {
    write: (text) => void screen.write(text),
    wait: (ms) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(waiting?.timer);
          waiting = undefined;
          resolve(!hasEnded);
        };
        if (hasEnded) return resolve(false);
        waiting = { leftMs: ms, since: 0, done };
        run();
      }),
    close: () => {
      if (keys.isTTY) {
        keys.off('data', pressed);
        keys.setRawMode(false);
        keys.pause();
      }
      screen.write(restoreTerminal);
    },
  };
}
