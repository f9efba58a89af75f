import { hashEach, type ToHash } from './hash-each.js';
import { replayPage, type PageToReplay, type ReplayedPage } from './replay-page.js';
import { verifyPage, type PageToVerify, type VerifiedPage } from './verify-page.js';

/** What a page thread can be asked to do. */
export interface PageWork {
  replay: { input: PageToReplay; output: ReplayedPage | undefined };
  verify: { input: PageToVerify; output: VerifiedPage };
  hash: { input: ToHash; output: Uint8Array };
}

export const pageWork: { readonly [K in keyof PageWork]: (input: PageWork[K]['input']) => PageWork[K]['output'] } = {
  replay: replayPage,
  verify: verifyPage,
  hash: hashEach,
};

/** Somebody who does it: other threads, or this one. */
export interface PageWorker {
  /** How many pages to have under way, so that nobody idles and memory stays bounded. */
  readonly pagesAtOnce: number;
  /**
   * Bytes of the input that lie in shared memory are left alone until this resolves; all else is copied. Memory that
   * moves from thread to thread and back would be new to V8 each time, which collects garbage for its sake (a third of
   * what the receiving thread did, measured).
   */
  run<K extends keyof PageWork>(kind: K, input: PageWork[K]['input']): Promise<PageWork[K]['output']>;
}

/** For a few pages, where threads would take longer to start than the work takes. */
export const thisThread: PageWorker = {
  pagesAtOnce: 2,
  run: async (kind, input) => pageWork[kind](input as never) as never,
};
