import '../../test/page-threads.js';
import { entriesWorthThreads, PageThreads, threadOptions } from './page-threads.js';
import type { PageWorker } from './page-work.js';

const onThreads = <T>(work: (worker: PageWorker) => Promise<T>): Promise<T> =>
  PageThreads.forEntries(entriesWorthThreads, work);
const shared = (...bytes: number[]) => {
  const memory = new Uint8Array(new SharedArrayBuffer(bytes.length));
  memory.set(bytes);
  return memory;
};
const hashed = (worker: PageWorker) => worker.run('hash', { bytes: shared(1, 2, 3), lengths: [1, 2] });
/** COPY always sends more than that. */
const cutShort = (worker: PageWorker) => worker.run('replay', { from: 0, to: 1, rows: shared(1), shown: new Set() });

/** Of a DataView; an error of another thread is of no class that there is here. */
const outside = 'outside the bounds';

/** Whatever a thread is asked, it ends instead. */
async function onThreadsThatEnd<T>(work: (worker: PageWorker) => Promise<T>): Promise<T> {
  const flags = threadOptions.execArgv ?? [];
  const end = "import { parentPort } from 'node:worker_threads'; parentPort.once('message', () => process.exit(0));";
  threadOptions.execArgv = [...flags, '--import', `data:text/javascript,${encodeURIComponent(end)}`];
  try {
    return await onThreads(work);
  } finally {
    threadOptions.execArgv = flags;
  }
}

describe('a page that was given to a thread is refused, and not waited for,', () => {
  it('if the thread fails on it', () => expect(onThreads(cutShort)).rejects.toThrow(outside));

  it('if it comes once the threads have failed, of whoever shares them', () =>
    onThreads((worker) =>
      onThreads(async (same) => {
        await expect(cutShort(worker)).rejects.toThrow(outside);
        await expect(hashed(same)).rejects.toThrow(outside);
      }),
    ));

  it('if the threads end without a word', () =>
    expect(onThreadsThatEnd((worker) => hashed(worker))).rejects.toThrow('a page thread ended by itself'));

  it('if those who used the threads are done with them', async () => {
    const kept = await onThreads((worker) => Promise.resolve(worker));
    await expect(hashed(kept)).rejects.toThrow('the page threads have ended');
  });
});

describe('threads that failed', () => {
  it('are others for whoever comes next', async () => {
    await expect(onThreads(cutShort)).rejects.toThrow(outside);
    const hashes = await onThreads(hashed);
    expect(Buffer.from(hashes.subarray(0, 4)).toString('hex')).toBe('4bf5122f');
    expect(hashes).toHaveLength(64);
  });
});
