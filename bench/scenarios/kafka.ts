import { OwnBroker } from '../../test/kafka/own-broker.js';
import { measureIngest, type IngestPreset } from '../kafka-ingest.js';
import { scenario } from '../scenario.js';

interface Preset {
  readonly ingest: IngestPreset;
}

export default scenario<Preset>({
  sentence: 'Sealed batches from a topic into the log, against a consumer that reads them and does nothing.',
  presets: {
    quick: { ingest: { sessions: 16, messagesASession: 40 } },
    full: { ingest: { sessions: 32, messagesASession: 150 } },
  },
  async run(bench, preset) {
    const given = process.env['KAFKA_BROKERS']?.split(',');
    const own = given === undefined ? await OwnBroker.start() : undefined;
    const brokers = given ?? own?.brokers;
    if (brokers === undefined) return bench.say('skipped: no Kafka, Java 17 and Maven run one');
    try {
      await measureIngest(bench, brokers, preset.ingest);
    } finally {
      await own?.remove();
    }
  },
});
