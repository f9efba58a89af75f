import { told } from '../../src/history/timeline.js';
import type { Visit } from '../../src/log/replay-headers.js';
import type { Shown } from '../../src/log/replay-page.js';
import { interleaved, median } from '../interleaved.js';
import { longLog, seconds } from '../long-log.js';
import { scenario } from '../scenario.js';

export default scenario({
  sentence: 'Entries a second that a timeline goes past, all of them verified, against decoding each of them.',
  presets: {
    quick: { entries: 100_000, rounds: 3 },
    full: { entries: 1_000_000, rounds: 3 },
  },
  async run(bench, { entries, rounds }) {
    const long = await longLog(bench, entries);
    try {
      const log = await long.serve();
      const walked = async (shown: Shown) => {
        const found: number[] = [];
        const visit: Visit = (_before, { position, type }) => void (told.has(type) && found.push(position));
        await log.walk({ from: 0, to: entries }, { visit, shown });
        return found;
      };
      const [few, all] = [await walked(told), await walked('all')];
      bench.check('the same entries are told of', few.length > 0 && few.join() === all.join());
      const took = await interleaved(rounds, {
        told: () => seconds(() => walked(told)),
        all: () => seconds(() => walked('all')),
      });
      const against = { name: 'every entry decoded', value: entries / median(took.all) };
      bench.report({
        measure: `timeline of a person, ${entries} entries`,
        value: entries / median(took.told),
        unit: 'entries/s',
        against,
      });
    } finally {
      await long.close();
    }
  },
});
