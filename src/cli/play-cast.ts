import type { CastEvent } from './cast-events.js';
import { TerminalFilter } from './terminal-filter.js';

export interface Pace {
  readonly speed: number;
  /** No wait is longer, in the time of the recording. */
  readonly idleSeconds: number;
}

export interface Terminal {
  write(text: string): void;
  /** Waits so long, and as long as it is paused. False: whoever watches wants it to end. */
  wait(ms: number): Promise<boolean>;
}

/** Plays to the end, or until `wait` says so. */
export async function playCast(
  events: readonly CastEvent[],
  { speed, idleSeconds }: Pace,
  { write, wait }: Terminal,
): Promise<void> {
  const filter = new TerminalFilter();
  let before = 0;
  for (const { at, output } of events) {
    const seconds = Math.min(Math.max(0, at - before), idleSeconds) / speed;
    before = at;
    if (!(await wait(seconds * 1000))) return;
    write(filter.push(output));
  }
}
