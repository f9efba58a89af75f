import { randomInt } from 'node:crypto';
import type { Draft } from '../../src/log/draft.js';
import type { CommandId, PersonId, SessionId, SubjectId } from '../../src/log/ids.js';
import type { Log } from '../../src/log/log.js';
import { writeCommand } from '../../src/log/write-command.js';
import { median } from '../interleaved.js';
import { longLog, seconds, type LongLog } from '../long-log.js';
import { countVerified } from '../receipts.js';
import { scenario, type Bench } from '../scenario.js';

interface Preset {
  /** Entries of each log, the smallest first. */
  readonly sizes: readonly number[];
  readonly rounds: number;
}
interface Grown {
  readonly size: number;
  readonly long: LongLog;
  readonly log: Log;
}

const writers = 64;
const appendsAWriter = 16;
/** More rows than the pages of a loaded log have room for: two a page, of which there is one for 25 entries. */
const shareOfRoom = 1 / 10;
const proofs = 200;
const followers = 10;
const followed = 1000;

export default scenario<Preset>({
  sentence: 'What an append, a proof, a thousand entries to follow and a verified entry cost as the log grows.',
  presets: {
    quick: { sizes: [10_000, 100_000], rounds: 3 },
    full: { sizes: [10_000, 100_000, 1_000_000], rounds: 9 },
    large: { sizes: [10_000, 100_000, 1_000_000, 10_000_000], rounds: 5 },
  },
  async run(bench, { sizes, rounds }) {
    const grown: Grown[] = [];
    try {
      for (const size of sizes) {
        const long = await longLog(bench, size);
        const log = await long.serve();
        grown.push({ size, long, log });
        await fillPages(log, size);
      }
      for (const [name, cost] of Object.entries(costs)) {
        const found = await inTurn(grown, rounds, (one) => cost(bench, one));
        const smallest = { name: `with ${sizes[0]} entries`, value: found[0] ?? Number.NaN };
        grown.forEach(({ size }, index) => {
          const against = index === 0 ? {} : { against: smallest };
          bench.report({
            measure: `${name}, ${size} entries`,
            value: found[index] ?? Number.NaN,
            unit: 'µs',
            ...against,
          });
        });
      }
    } finally {
      for (const { long } of grown) await long.close();
    }
  },
});

/** The median of each log, asked in turn, so that a noisy minute falls on all of them. The first round warms up. */
async function inTurn(
  grown: readonly Grown[],
  rounds: number,
  cost: (one: Grown) => Promise<number>,
): Promise<number[]> {
  const found = grown.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, one] of grown.entries()) {
      const value = await cost(one);
      if (round > 0) found[index]?.push(value);
    }
  }
  return found.map(median);
}

/** Each in microseconds of what it is named after. The log grows only by the last. */
const costs: Readonly<Record<string, (bench: Bench, grown: Grown) => Promise<number>>> = {
  async 'verify, an entry'(bench, { long, log }) {
    let entries = 0;
    const took = await seconds(async () => {
      const verified = await long.verify();
      bench.check('the log is true, all of it', verified.ok && verified.entries === log.size);
      entries = verified.entries;
    });
    return (took / entries) * 1e6;
  },

  async 'proof of a random entry'(bench, { size, long, log }) {
    const receipts: string[] = [];
    const took = await seconds(async () => {
      for (let index = 0; index < proofs; index += 1) receipts.push(await log.tree.receipt(randomInt(size)));
    });
    bench.check('every proof verifies', countVerified(receipts, log.origin, long.verifiers) === proofs);
    return (took / proofs) * 1e6;
  },

  async 'follow, an entry from a random place'(bench, { size, log }) {
    const took = await seconds(async () => {
      for (let index = 0; index < followers; index += 1) {
        const from = randomInt(size - followed);
        bench.check('a thousand entries come in order', await areInOrder(log, from));
      }
    });
    return (took / (followers * followed)) * 1e6;
  },

  async 'append, an entry of 64 writers'(bench, { log }) {
    const before = log.size;
    let positions: number[] = [];
    const took = await seconds(async () => (positions = await appendAll(log, appendsAWriter)));
    const right = positions.sort((a, b) => a - b).every((position, index) => position === before + index);
    bench.check('every append has a place of its own', right && positions.length === writers * appendsAWriter);
    return (took / positions.length) * 1e6;
  },
};

/**
 * What VACUUM finds free, the next rows fill, one a page, and each such page is written to the write-ahead log whole. A
 * log that grew in service has filled it as it went; one that was loaded and vacuumed at once has all of it before it.
 */
async function fillPages(log: Log, size: number): Promise<void> {
  await appendAll(log, Math.ceil((size * shareOfRoom) / writers));
}

/** The positions of what `writers` at once append, `each` in turn. */
async function appendAll(log: Log, each: number): Promise<number[]> {
  const run = String(randomInt(2 ** 47));
  const positions: number[] = [];
  const append = async (writer: number) => {
    const session = `growth-${run}-${writer}` as SessionId;
    for (let first = 0; first < each; first += 1) {
      const command = writeCommand(`${session}-${first}` as CommandId, 'bench' as PersonId, first);
      const appended = await log.append(command, () => ({ entries: [entry(session, first)], answer: first }));
      positions.push(...appended.positions);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => append(writer)));
  return positions;
}

async function areInOrder(log: Log, from: number): Promise<boolean> {
  const stop = new AbortController();
  let next = from;
  for await (const page of log.tail.follow({ from, signal: stop.signal })) {
    for (const { position } of page) {
      if (position !== next) return false;
      next += 1;
    }
    if (next >= from + followed) break;
  }
  return true;
}

const entry = (session: SessionId, first: number): Draft => ({
  type: 'records.suppressed',
  stream: `session/${session}`,
  subject: 'bench-subject' as SubjectId,
  data: { session, first, count: 1, reason: 'paused' },
});
