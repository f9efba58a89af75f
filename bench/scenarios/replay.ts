import { interleaved, median } from '../interleaved.js';
import { longLog, seconds } from '../long-log.js';
import { scenario } from '../scenario.js';

export default scenario({
  sentence:
    'Headers a second that a start hashes, folds and holds against the signed root, against reading the same rows.',
  presets: {
    quick: { entries: 100_000, rounds: 3 },
    full: { entries: 1_000_000, rounds: 3 },
  },
  async run(bench, { entries, rounds }) {
    const log = await longLog(bench, entries);
    try {
      const { ok, problems } = await log.verify();
      bench.check('the log is true', ok && problems.length === 0);
      const { frontier } = await log.replay();
      bench.check('all of it is replayed', frontier.size === entries);
      const took = await interleaved(rounds, {
        replay: () => seconds(() => log.replay()),
        rows: () => seconds(() => log.readRows('position, header')),
      });
      bench.check('the same rows are read', (await log.readRows('position')) === entries);
      const against = { name: 'SELECT of position and header, unchecked', value: entries / median(took.rows) };
      bench.report({
        measure: `replay, ${entries} entries`,
        value: entries / median(took.replay),
        unit: 'headers/s',
        against,
      });
    } finally {
      await log.close();
    }
  },
});
