import { Problem } from '../problem.js';
import type { CommandId } from './ids.js';
import { WaitingQueue, type Waiting } from './waiting-queue.js';
import { writeCommand } from './write-command.js';

const bounds = { commands: 4, sealedBytes: 100, groupCommands: 3, groupSealedBytes: 50 };
const waiting = (sealedBytes: number): Waiting => ({
  commands: [writeCommand('command-id' as CommandId, 'custos', null, sealedBytes)],
  decide: () => ({ entries: [], answer: [null] }),
  resolve: () => undefined,
  reject: () => undefined,
});
const queueOf = (...sizes: number[]) => {
  const queue = new WaitingQueue(bounds);
  for (const size of sizes) queue.add(waiting(size));
  return queue;
};
const busy = new Problem('log_busy', { retryAfterSeconds: 1 });
const takenSizes = (queue: WaitingQueue) => queue.take().map(({ commands }) => commands[0]?.sealedBytes);

describe('a queue of commands refuses', () => {
  it('one command too many', () => {
    expect(() => queueOf(0, 0, 0, 0)).not.toThrow();
    expect(() => queueOf(0, 0, 0, 0, 0)).toThrow(busy);
  });

  it('one byte too many', () => {
    expect(() => queueOf(60, 40)).not.toThrow();
    expect(() => queueOf(60, 41)).toThrow(busy);
  });

  it('nothing that could never be taken: a command larger than the bound waits if it waits alone', () => {
    expect(takenSizes(queueOf(1000))).toEqual([1000]);
    expect(() => queueOf(1, 1000)).toThrow(busy);
  });

  it('no longer what a group has made room for', () => {
    const queue = queueOf(50, 50);
    queue.take();
    expect(() => queue.add(waiting(50))).not.toThrow();
    expect(() => queue.add(waiting(1))).toThrow(busy);
  });
});

describe('a group', () => {
  it('is first come, first served, and bounded by commands', () => {
    const queue = queueOf(1, 2, 3, 4);
    expect(takenSizes(queue)).toEqual([1, 2, 3]);
    expect(takenSizes(queue)).toEqual([4]);
    expect(takenSizes(queue)).toEqual([]);
  });

  it('is bounded by bytes, and holds at least one command', () => {
    const queue = queueOf(30, 20, 50);
    expect(takenSizes(queue)).toEqual([30, 20]);
    queue.add(waiting(1));
    expect(takenSizes(queue)).toEqual([50]);
    expect(takenSizes(queue)).toEqual([1]);
    expect(takenSizes(queueOf(51, 1))).toEqual([51]);
  });
});
