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
  /** Memory that came back with the page and is looked at no more: the next page is read into it. */
  release(memory: Uint8Array): void;
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
  const free: Uint8Array[] = [];
  const release = (memory: Uint8Array) => void free.push(memory);
  let next = 0;
  try {
    for (;;) {
      for (; next < size && underWay.length < worker.pagesAtOnce; next += entriesAPage) {
        const place = { from: next, to: Math.min(next + entriesAPage, size), whole: next >= wholeFrom };
        const page = readPage(reading, place, free.pop());
        const verified = page.then((one) => worker.run('verify', one, memoryOf(one)));
        verified.catch(() => undefined); // It is awaited in its turn, and may fail before that.
        underWay.push({ ...place, verified, release });
      }
      const first = underWay.shift();
      if (first === undefined) return;
      yield first;
    }
  } finally {
    await Promise.allSettled(underWay.map(({ verified }) => verified));
  }
}

/** Asks for all of it at once: the connection answers in order, and does not wait for us in between. */
async function readPage(
  { client, origin, verifiers, wanted }: Reading,
  { from, to, whole }: { from: number; to: number; whole: boolean },
  memory: Uint8Array | undefined,
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

const memoryOf = ({ entries, proofs }: PageToVerify): ArrayBuffer[] =>
  [entries, ...Object.values(proofs ?? {})].flatMap((bytes) =>
    bytes === undefined ? [] : [bytes.buffer as ArrayBuffer],
  );
