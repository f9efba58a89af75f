import type pg from 'pg';
import { copyRows } from './copy-rows.js';
import type { PageWorker } from './page-work.js';
import { entriesAPage } from './replay-page.js';
import { pageQueries, type PageToVerify, type VerifiedPage } from './verify-page.js';

export interface ReadPage {
  readonly from: number;
  readonly to: number;
  /** Whether its tiles, checkpoints, answers and bodies are looked at too. */
  readonly whole: boolean;
  readonly verified: VerifiedPage;
  /** Its rows, until the next page is asked for: that one may be read over them. */
  readonly entries: Uint8Array;
}

interface Reading extends Pick<PageToVerify, 'origin' | 'verifiers' | 'wanted'> {
  readonly client: pg.ClientBase;
  readonly worker: PageWorker;
  /** Entries that there are. */
  readonly size: number;
  /** Below this position, headers alone. */
  readonly wholeFrom: number;
}

/** The pages of a log in order, a few of them read and verified ahead while the first is looked at. */
export async function* readPages(reading: Reading): AsyncGenerator<ReadPage> {
  const { worker, size, wholeFrom } = reading;
  const underWay: Promise<ReadPage>[] = [];
  const free: ArrayBufferLike[] = [];
  const verify = async (from: number): Promise<ReadPage> => {
    const place = { from, to: Math.min(from + entriesAPage, size), whole: from >= wholeFrom };
    const page = await readPage(reading, place, free.pop());
    return { ...place, entries: page.entries, verified: await worker.run('verify', page) };
  };
  let next = 0;
  try {
    for (;;) {
      for (; next < size && underWay.length < worker.pagesAtOnce; next += entriesAPage) {
        underWay.push(verify(next));
        underWay.at(-1)?.catch(() => undefined); // It is awaited in its turn, and may fail before that.
      }
      const first = await underWay.shift();
      if (first === undefined) return;
      yield first;
      free.push(first.entries.buffer);
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}

/** Asks for all of it at once: the connection answers in order, and does not wait for us in between. */
async function readPage(
  { client, origin, verifiers, wanted }: Reading,
  { from, to, whole }: { from: number; to: number; whole: boolean },
  memory: ArrayBufferLike | undefined,
): Promise<PageToVerify> {
  const place = { from, to, origin, verifiers, wanted };
  const reading = copyRows(client, pageQueries.entries(from, to), memory);
  if (!whole) return { ...place, entries: await reading };
  const [entries, checkpoints, tiles, commands] = await Promise.all([
    reading,
    copyRows(client, pageQueries.checkpoints(from, to)),
    copyRows(client, pageQueries.tiles(from, to)),
    copyRows(client, pageQueries.commands(from, to)),
  ]);
  return { ...place, entries, proofs: { checkpoints, tiles, commands } };
}
