import { Problem } from '../problem.js';

/** Of a timer of Node. A release that takes 24 days ends then. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Passes on what a release gives until its end, epoch milliseconds. At the end the release is over whether or not somebody
 * reads on: a reader who has stopped in the middle must not keep its keys open.
 * @throws Problem disclosure_stopped
 */
export async function* endingAt<T>(
  end: number,
  clock: () => number,
  release: AsyncGenerator<T>,
): AsyncGenerator<T, void> {
  let isOver = false;
  const lapse = () => {
    isOver = true;
    // Where it waits for its reader it lets go at once, and otherwise as soon as it has what it is opening.
    release.return(undefined).catch(() => undefined);
  };
  const timer = setTimeout(lapse, Math.min(Math.max(end - clock(), 0), longestTimerMs));
  try {
    for await (const part of release) {
      if (isOver || clock() >= end) throw new Problem('disclosure_stopped');
      yield part;
    }
    // It did not come to its own end.
    if (isOver) throw new Problem('disclosure_stopped');
  } finally {
    clearTimeout(timer);
  }
}
