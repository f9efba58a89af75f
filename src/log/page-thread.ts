import { parentPort } from 'node:worker_threads';
import { pageWork, type PageWork } from './page-work.js';

/** One of `PageThreads`: a task in, its result out, nothing kept. */
type Task = { [K in keyof PageWork]: { id: number; kind: K; input: PageWork[K]['input'] } }[keyof PageWork];

parentPort?.on('message', ({ id, kind, input }: Task) => {
  parentPort?.postMessage({ id, output: pageWork[kind](input as never) });
});
