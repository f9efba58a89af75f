import { openCheckpoint } from '../../src/merkle/checkpoint.js';
import { interleaved, median } from '../interleaved.js';
import { origin } from '../log-under-test.js';
import { longLog, seconds, type LongLog } from '../long-log.js';
import { scenario, type Bench } from '../scenario.js';

interface Preset {
  readonly entries: number;
  readonly withBodies: number;
  readonly rounds: number;
}

const columns = 'position, stream, version, type, at, subject, governs, leaf, header';

export default scenario<Preset>({
  sentence: 'What `custos verify` checks in a second, on all cores, against reading the same rows.',
  presets: {
    quick: { entries: 100_000, withBodies: 5_000, rounds: 3 },
    full: { entries: 1_000_000, withBodies: 50_000, rounds: 3 },
  },
  async run(bench, { entries, withBodies, rounds }) {
    await headers(bench, entries, rounds);
    await bodies(bench, withBodies, rounds);
  },
});

/** Headers, columns, tree, tiles, one checkpoint for 64 entries, what governs; the bodies are past their retention. */
async function headers(bench: Bench, entries: number, rounds: number): Promise<void> {
  const log = await longLog(bench, entries);
  try {
    const took = await interleaved(rounds, {
      verify: () =>
        seconds(async () => {
          const verified = await log.verify();
          bench.check('the log is true', verified.ok && verified.entries === entries);
          bench.check('every checkpoint was looked at', verified.checkpoints >= entries / 64);
        }),
      rows: () => seconds(() => log.readRows(columns)),
    });
    const against = { name: 'SELECT of the same columns, unchecked', value: entries / median(took.rows) };
    const value = entries / median(took.verify);
    bench.report({ measure: `verify, ${entries} entries`, value, unit: 'headers/s', against });
    await signatures(bench, log);
  } finally {
    await log.close();
  }
}

/** Apart, since there are as many of them as there were commits, whatever those held: one for 64 entries above. */
async function signatures(bench: Bench, { pool, verifiers }: LongLog): Promise<void> {
  const { rows } = await pool.query<{ size: number; note: string }>(
    'SELECT size, note FROM log.checkpoint ORDER BY size LIMIT 1000',
  );
  let right = 0;
  const took = await seconds(() => {
    for (const { size, note } of rows) if (openCheckpoint(note, origin, verifiers).size === size) right += 1;
    return Promise.resolve();
  });
  bench.check('every signature is right', right === rows.length && right > 0);
  bench.report({ measure: 'checkpoints opened, one thread', value: right / took, unit: 'checkpoints/s' });
}

/** Five sealed columns of 4 KB an entry. */
async function bodies(bench: Bench, entries: number, rounds: number): Promise<void> {
  const columnBytes = 4096;
  const log = await longLog(bench, entries, columnBytes);
  try {
    let hashed = 0;
    const took = await interleaved(rounds, {
      verify: () =>
        seconds(async () => {
          const verified = await log.verify();
          bench.check('the log with bodies is true', verified.ok && verified.bodies > 4 * entries);
          hashed = verified.bodies;
        }),
      rows: () => seconds(() => readBodies(log.pool, entries)),
    });
    const megabytes = (hashed * columnBytes) / 1e6;
    const against = { name: 'SELECT of the same columns, unchecked', value: megabytes / median(took.rows) };
    bench.report({
      measure: `verify, ${hashed} bodies`,
      value: megabytes / median(took.verify),
      unit: 'MB/s',
      against,
    });
  } finally {
    await log.close();
  }
}

async function readBodies(pool: Awaited<ReturnType<typeof longLog>>['pool'], entries: number): Promise<void> {
  for (let from = 0; from < entries; from += 64) {
    await pool.query({
      name: 'bodies',
      text: 'SELECT position, field, sealed FROM log.body WHERE position >= $1 AND position < $2 ORDER BY position, field',
      values: [from, from + 64],
    });
  }
}
