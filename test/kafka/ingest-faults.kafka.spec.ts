import { randomFrom, shuffled } from '../shuffled.js';
import { itWithOwnBroker } from './test-kafka.js';
import { faultNames, faults, IngestTrial } from './ingest-trial.js';

/**
 * Whatever ends, comes back or comes again while a topic is taken: no record is lost and none is doubled, what is
 * refused is refused once, and the log verifies. `[KAFKA_FAULT_ROUNDS=200] [KAFKA_FAULT_SEED=S] npm run
 * test:faults:kafka` does the same for long.
 */
const rounds = Number(process.env['KAFKA_FAULT_ROUNDS'] ?? faultNames.length);
const seed = Number(process.env['KAFKA_FAULT_SEED'] ?? 7100);
const judgeEvery = 7;

itWithOwnBroker(
  'a topic is taken once, whatever happens to consumers, brokers and PostgreSQL meanwhile',
  async () => {
    const random = randomFrom(seed);
    const trial = await IngestTrial.start(random);
    try {
      let deck: typeof faultNames = [];
      const met: string[] = [];
      for (let round = 1; round <= rounds; round += 1) {
        if (deck.length === 0) deck = shuffled(faultNames, random);
        const name = deck.pop() as (typeof faultNames)[number];
        met.push(name);
        await trial.goOn();
        await faults[name](trial);
        await trial.goOn();
        if (round % judgeEvery !== 0 && round !== rounds) continue;
        expect({ seed, met, wrong: await trial.judge() }).toEqual({ seed, met, wrong: [] });
        process.stderr.write(
          `${round} of ${rounds} faults, ${JSON.stringify(trial.counts)}, nothing lost or doubled\n`,
        );
        trial.writeOn();
      }
    } finally {
      await trial.end();
    }
  },
  120_000 + rounds * 60_000,
);
