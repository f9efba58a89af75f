import { replayPage, type PageToReplay, type ReplayedPage } from './replay-page.js';

/** What a page thread can be asked to do. */
export interface PageWork {
  replay: { input: PageToReplay; output: ReplayedPage };
}

export const pageWork: { readonly [K in keyof PageWork]: (input: PageWork[K]['input']) => PageWork[K]['output'] } = {
  replay: replayPage,
};
