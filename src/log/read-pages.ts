import type pg from 'pg';
import { copyRows } from './copy-rows.js';
import type { PageWorker } from './page-work.js';
import { entriesAPage } from './replay-page.js';
import { pageQueries, type PageToVerify, type VerifiedPage } from './verify-page.js';

export interface PageUnderWay {
  readonly from: number;
  readonly to: number;
  /** Whether its tiles, checkpoints and bodies are looked at too. */
  readonly whole: boolean;
  readonly verified: Promise<VerifiedPage>;
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
export async function* readPages(reading: Reading): AsyncGenerator<PageUnderWay> {
  const { worker, size, wholeFrom } = reading;
  const underWay: PageUnderWay[] = [];
  let read: Promise<unknown> = Promise.resolve();
  let next = 0;
  try {
    for (;;) {
      for (; next < size && underWay.length < worker.pagesAtOnce; next += entriesAPage) {
        const place = { from: next, to: Math.min(next + entriesAPage, size), whole: next >= wholeFrom };
        const page = read.then(() => readPage(reading, place));
        read = page.catch(() => undefined);
        const verified = page.then((one) => worker.run('verify', one, memoryOf(one)));
        verified.catch(() => undefined); // It is awaited in its turn, and may fail before that.
        underWay.push({ ...place, verified });
      }
      const first = underWay.shift();
      if (first === undefined) return;
      yield first;
    }
  } finally {
    await Promise.allSettled(underWay.map(({ verified }) => verified));
  }
}

async function readPage(
  { client, origin, verifiers, wanted }: Reading,
  { from, to, whole }: { from: number; to: number; whole: boolean },
): Promise<PageToVerify> {
  const entries = await copyRows(client, pageQueries.entries(from, to));
  const page = { from, to, entries, origin, verifiers, wanted };
  if (!whole) return page;
  const checkpoints = await copyRows(client, pageQueries.checkpoints(from, to));
  const tiles = await copyRows(client, pageQueries.tiles(from, to));
  const commands = await copyRows(client, pageQueries.commands(from, to));
  return { ...page, proofs: { checkpoints, tiles, commands } };
}

const memoryOf = ({ entries, proofs }: PageToVerify): ArrayBuffer[] =>
  [entries, ...Object.values(proofs ?? {})].flatMap((bytes) =>
    bytes === undefined ? [] : [bytes.buffer as ArrayBuffer],
  );
