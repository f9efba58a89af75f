import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogPublisher } from '../../src/kafka/publish-log.js';
import type { Draft } from '../../src/log/draft.js';
import { append, consent, origin, signer, TestLog } from '../../src/log/test-log.spec.js';
import { formatVerifierKey } from '../../src/merkle/note.js';
import { describeWithKafka, freshName, testBrokers, testClient } from './test-kafka.js';

const made = (session: string, actor: string, subject: string): Draft =>
  ({
    ...{ type: 'disclosure.made', stream: `grant/g-${session}`, actor, subject },
    data: { grant: `g-${session}`, session, fields: ['typed'], versions: 1, records: 12 },
  }) as unknown as Draft;
const completed = (disclosure: number): Draft =>
  ({
    ...{ type: 'disclosure.completed', stream: 'grant/g-first' },
    data: { disclosure, records: 9, outcome: 'delivered' },
  }) as unknown as Draft;

describeWithKafka('examples/who-read-what.mjs', () => {
  let test: TestLog;
  beforeEach(async () => void (test = await TestLog.open()));
  afterEach(() => test.close());

  async function publish(): Promise<Record<string, string>> {
    const kafka = testClient();
    const [logTopic, checkpointTopic] = [freshName('log'), freshName('checkpoints')];
    await kafka.createTopics([
      { topic: logTopic, partitions: 3 },
      { topic: checkpointTopic, partitions: 1 },
    ]);
    const pool = test.pool('custos_service');
    const failures: unknown[] = [];
    const publisher = new LogPublisher({
      ...{ log: test.log, pool, kafka, logTopic, checkpointTopic, mostMessageBytes: 1_000_000 },
      onFailure: (error) => void failures.push(error),
    });
    const { size } = await test.log.reader.head();
    const covered = async () => (await kafka.offsets(checkpointTopic)).some(({ high }) => high > 0);
    const published = () => pool.query<{ size: number }>('SELECT size FROM log.published WHERE topic = $1', [logTopic]);
    while ((await published()).rows[0]?.size !== size || !(await covered())) await sleep(20);
    await publisher.close();
    await kafka.close();
    expect(failures).toEqual([]);
    return { LOG_TOPIC: logTopic, CHECKPOINT_TOPIC: checkpointTopic, GROUP: freshName('reader') };
  }

  function run(env: Record<string, string>): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, ['examples/who-read-what.mjs'], {
      env: { ...env, KAFKA_BROKERS: (testBrokers() ?? []).join() },
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
  }
  const key = formatVerifierKey(origin, signer.publicKey);

  it('folds who read what, with unknown where no completion is', async () => {
    await append(test.log, consent(), made('first', 'researcher', 's1'));
    await append(test.log, consent(), completed(2), made('second', 'other', 's2'));
    const { code, out, err } = await run({ ...(await publish()), CUSTOS_LOG_VERIFIER: key });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const reading = { fields: ['typed'], at: expect.any(Number) as number };
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { ...reading, position: 2, person: 'researcher', subject: 's1', session: 'first', grant: 'g-first', records: 9, outcome: 'delivered' }, // prettier-ignore
      { ...reading, position: 5, person: 'other', subject: 's2', session: 'second', grant: 'g-second', records: 12, outcome: 'unknown' }, // prettier-ignore
    ]);
  });

  it('believes no checkpoint of another key, and no topic that an entry is missing of', async () => {
    await append(test.log, made('first', 'researcher', 's1'));
    const topics = await publish();
    const stranger = formatVerifierKey(origin, new Uint8Array(32).fill(7));
    const refused = await run({ ...topics, CUSTOS_LOG_VERIFIER: stranger });
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('did not sign') });
    const other = { ...topics, LOG_TOPIC: (await publish()).LOG_TOPIC ?? '' };
    expect(await run({ ...other, CUSTOS_LOG_VERIFIER: key })).toMatchObject({ code: 0 });
    const empty = freshName('empty');
    const kafka = testClient();
    await kafka.createTopics([{ topic: empty, partitions: 1 }]);
    await kafka.close();
    const missing = await run({ ...topics, LOG_TOPIC: empty, CUSTOS_LOG_VERIFIER: key });
    expect(missing).toMatchObject({ code: 1, out: '', err: expect.stringContaining('entry 0 is missing') });
  });
});
