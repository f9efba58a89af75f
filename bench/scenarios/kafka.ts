import { OwnBroker } from '../../test/kafka/own-broker.js';
import { measureIngest, type IngestPreset } from '../kafka-ingest.js';
import { measurePublish, type PublishPreset } from '../kafka-publish.js';
import { scenario } from '../scenario.js';

interface Preset {
  readonly ingest: IngestPreset;
  readonly publish: PublishPreset;
}

export default scenario<Preset>({
  sentence:
    'Sealed batches from a topic into the log, and the log into a topic, each against the client alone that does nothing with them.',
  presets: {
    quick: { ingest: { sessions: 16, messagesASession: 40 }, publish: { entries: 20_000, rounds: 3 } },
    full: { ingest: { sessions: 32, messagesASession: 150 }, publish: { entries: 100_000, rounds: 3 } },
  },
  async run(bench, preset) {
    const given = process.env['KAFKA_BROKERS']?.split(',');
    const own = given === undefined ? await OwnBroker.start() : undefined;
    const brokers = given ?? own?.brokers;
    if (brokers === undefined) return bench.say('skipped: no Kafka, Java 17 and Maven run one');
    try {
      await measurePublish(bench, brokers, preset.publish);
      await measureIngest(bench, brokers, preset.ingest);
    } finally {
      await own?.remove();
    }
  },
});
