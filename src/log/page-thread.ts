import { parentPort } from 'node:worker_threads';
import { pageWork, type PageWork } from './page-work.js';

/** One of `PageThreads`: a task in, its result out, nothing kept. Memory goes back to whoever reads the next page. */
type Task = { [K in keyof PageWork]: { id: number; kind: K; input: PageWork[K]['input'] } }[keyof PageWork];

parentPort?.on('message', ({ id, kind, input }: Task) => {
  const output = pageWork[kind](input as never);
  parentPort?.postMessage({ id, output }, memoryOf(output));
});

const memoryOf = (output: PageWork[keyof PageWork]['output']) =>
  output !== undefined && 'memory' in output ? [output.memory.buffer as ArrayBuffer] : [];
