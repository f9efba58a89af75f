import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { sealedEvent } from '../../test/kafka/sealed-event.js';
import { openSealer, sealRecords } from '../../test/sealed-source.js';
import { typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import type { Log } from '../log/log.js';
import { TopicsIngest, type IngestListener } from './ingest-topics.js';
import type { Batch, ConsumeOptions, ConsumerProgress, IncomingMessage, KafkaPort } from './kafka-port.js';

/** A client that does what it is told to: a broker cannot be made to go silent on purpose. */
class Puppet {
  readonly consumers: { options: ConsumeOptions; progress: ConsumerProgress; closed: boolean }[] = [];
  private joined: () => void = () => undefined;

  readonly port = {
    consume: async (options: ConsumeOptions) => {
      const consumer = { options, progress: level, closed: false };
      this.consumers.push(consumer);
      this.joined();
      return {
        progress: () => consumer.progress,
        close: async () => void (consumer.closed = true),
      };
    },
    offsets: async () => [{ partition: 0, low: 0, high: 10 }],
  } as unknown as KafkaPort;

  async nth(count: number) {
    while (this.consumers.length < count) await new Promise<void>((joined) => (this.joined = joined));
    return this.consumers[count - 1] as (typeof this.consumers)[number];
  }
}
const level: ConsumerProgress = { fetchedAt: undefined, partitions: [] };
const behind: ConsumerProgress = {
  fetchedAt: undefined,
  partitions: [{ topic: 'records', partition: 0, next: 0, high: 10 }],
};

let vault: VaultInProcess;
let puppet: Puppet;
let ingest: TopicsIngest;
const restarts = new EventTarget();
let whys: string[];
let log: Log;
/** The log has refused to append. */
const refused = new EventTarget();
const refusals = { next: () => once(refused, 'refused') };
beforeEach(async () => {
  vault = await VaultInProcess.start();
  puppet = new Puppet();
  whys = [];
  log = Object.assign(Object.create(vault.log) as Log, {
    append: (...asked: Parameters<Log['append']>) =>
      vault.log.append(...asked).catch((error: unknown) => {
        refused.dispatchEvent(new Event('refused'));
        throw error;
      }),
  });
  ingest = new TopicsIngest(puppet.port, log, listener, { topics: ['records'], group: 'g', stalledAfterMs: 500 });
});
afterEach(async () => {
  await ingest.close();
  await vault.stop();
});
const listener: IngestListener = {
  taken: () => undefined,
  refused: async () => undefined,
  lost: () => undefined,
  restarted: (why) => {
    whys.push(why);
    restarts.dispatchEvent(new Event('restart'));
  },
};
const restarted = () => once(restarts, 'restart');

describe('a consumer', () => {
  it('that goes silent with messages before it is ended, and another one takes its place', async () => {
    const first = await puppet.nth(1);
    await turn();
    await expect(ingest.check()).resolves.toBeUndefined();
    const again = restarted();
    first.progress = behind;
    await again;
    expect(whys).toEqual(['stalled']);
    expect(first.closed).toBe(true);
    await expect(ingest.check()).rejects.toMatchObject({ code: 'kafka_unavailable' });
    expect((await puppet.nth(2)).closed).toBe(false);
    await turn();
    await expect(ingest.check()).resolves.toBeUndefined();
  });

  it('that ended by itself is replaced as well, and the reason is told by its code', async () => {
    const first = await puppet.nth(1);
    const again = restarted();
    first.options.onStopped(new Error('canary'));
    await again;
    expect(whys).toEqual(['internal']);
    await puppet.nth(2);
  });
});

describe('while the log is slow', () => {
  /** A batch of one message, as the client hands it on. */
  async function batch(): Promise<Batch> {
    const sealed = await sealRecords(await openSealer(vault), typedRecords(10));
    const message: IncomingMessage = {
      offset: 0,
      at: 0,
      key: Buffer.from('one'),
      value: Buffer.from(JSON.stringify(sealedEvent(sealed))),
      headers: { 'content-type': Buffer.from('application/cloudevents+json') },
    };
    return { topic: 'records', partition: 0, messages: [message], high: 1, signal: new AbortController().signal };
  }
  const assigned = [{ topic: 'records', partition: 0, low: 0, high: 10 }];

  it('nothing more of a partition is asked for; what was fetched is taken when it goes on', async () => {
    const { options } = await puppet.nth(1);
    expect(await options.onAssigned(assigned)).toEqual([{ topic: 'records', partition: 0, offset: 0 }]);
    const one = await batch();
    await vault.asIntruder('REVOKE EXECUTE ON FUNCTION log.append_group FROM custos_service');
    let isTaken = false;
    const taken = options.onBatch(one).then(() => (isTaken = true));
    await refusals.next();
    await refusals.next();
    expect(isTaken).toBe(false);
    await vault.asIntruder('GRANT EXECUTE ON FUNCTION log.append_group TO custos_service');
    await taken;
    expect(await vault.log.reader.session('one' as never)).toHaveLength(3);
  });

  it('a service that ends does not wait for it', async () => {
    const { options } = await puppet.nth(1);
    await options.onAssigned(assigned);
    const one = await batch();
    await vault.log.close();
    const taken = options.onBatch(one);
    await ingest.close();
    await expect(taken).rejects.toThrow();
  });
});
