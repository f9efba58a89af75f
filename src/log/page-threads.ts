import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { thisThread, type PageWork, type PageWorker } from './page-work.js';

/** Tasks that a thread has at once: with one of them waiting there, it never idles until the next is sent. */
const tasksAThread = 2;
/** Reading a page costs about as much as hashing it, so more threads than this would wait for PostgreSQL. */
const mostThreads = 8;

/** Fewer are done within about a tenth of a second; threads take half of that to start (measured). */
export const entriesWorthThreads = 32_768;

/** For whoever runs the sources: flags that let a thread load them. */
export const threadOptions: { execArgv?: string[] } = {};

interface Waiting {
  readonly kind: keyof PageWork;
  readonly input: unknown;
  readonly resolve: (output: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Threads that hash and check pages: pure work, with no connection and no state. All who replay or verify in this
 * process share them, first come first served, so that two of them take no more than the machine has. They are
 * gone when the last one has finished.
 */
export class PageThreads implements PageWorker {
  private static shared: PageThreads | undefined;
  private users = 0;
  private readonly waiting: Waiting[] = [];
  private readonly threads: { readonly worker: Worker; readonly running: Map<number, Waiting> }[] = [];
  private sent = 0;
  /** Once they failed or are gone, whoever still asks is told, and does not wait for an answer that nobody gives. */
  private over: { readonly why: unknown } | undefined;

  private constructor() {
    for (let index = Math.min(availableParallelism(), mostThreads); index > 0; index -= 1) this.startThread();
  }

  /** Runs `work` with the threads at hand, or on this one if that many entries are not worth the start of others. */
  static async forEntries<T>(entries: number, work: (worker: PageWorker) => Promise<T>): Promise<T> {
    return entries < entriesWorthThreads ? work(thisThread) : PageThreads.using(work);
  }

  private static async using<T>(work: (worker: PageWorker) => Promise<T>): Promise<T> {
    const threads = (PageThreads.shared ??= new PageThreads());
    threads.users += 1;
    try {
      return await work(threads);
    } finally {
      threads.users -= 1;
      if (threads.users === 0) await threads.end();
    }
  }

  get pagesAtOnce(): number {
    return this.threads.length * tasksAThread + 1;
  }

  run<K extends keyof PageWork>(kind: K, input: PageWork[K]['input']): Promise<PageWork[K]['output']> {
    return new Promise((resolve, reject) => {
      if (this.over !== undefined) return reject(this.over.why);
      this.waiting.push({ kind, input, resolve, reject });
      this.send();
    });
  }

  private send(): void {
    for (const { worker, running } of this.threads) {
      while (running.size < tasksAThread) {
        const task = this.waiting.shift();
        if (task === undefined) return;
        const id = (this.sent += 1);
        running.set(id, task);
        worker.postMessage({ id, kind: task.kind, input: task.input });
      }
    }
  }

  private startThread(): void {
    // The same file beside this one, built or not.
    const file = new URL(`./page-thread${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(file, threadOptions);
    const running = new Map<number, Waiting>();
    worker.on('message', ({ id, output }: { id: number; output: never }) => {
      running.get(id)?.resolve(output);
      running.delete(id);
      this.send();
    });
    worker.on('error', (error) => this.fail(error));
    worker.on('messageerror', (error) => this.fail(error));
    worker.on('exit', () => this.fail(new Error('a page thread ended by itself')));
    this.threads.push({ worker, running });
  }

  /** A thread died: of a fault of ours, or for want of memory. Whoever is waiting hears of it. */
  private fail(error: unknown): void {
    if (this.over !== undefined) return;
    this.over = { why: error };
    const lost = [...this.threads.flatMap(({ running }) => [...running.values()]), ...this.waiting.splice(0)];
    for (const { running } of this.threads) running.clear();
    for (const { reject } of lost) reject(error);
    void this.end();
  }

  private async end(): Promise<void> {
    this.over ??= { why: new Error('the page threads have ended') };
    if (PageThreads.shared === this) PageThreads.shared = undefined;
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()));
  }
}
