import { readFileSync } from 'node:fs';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs';
import type { KafkaConsumer, KafkaPort } from '../../src/kafka/kafka-port.js';
import { kafkajsClient, type KafkaConnection } from '../../src/kafka/kafkajs-client.js';
import { SecuredBroker } from './secured-broker.js';
import { describeWithOwnBroker } from './test-kafka.js';

/** The ACLs that operators are told to give, out of the document that tells them. */
const documented = readFileSync('docs/operating/kafka.md', 'utf8');
const acls = [
  ...(/```acls\n([^`]+)```/.exec(documented)?.[1] ?? '').matchAll(
    /^--allow-principal User:(\S+) --operation (Read|Write) --(topic|group) (\S+)$/gm,
  ),
].map(([, user = '', operation = '', kind = '', name = '']) => ({ user, operation, kind, name }));

const users = ['custos-source', 'custos-ingest', 'custos-publisher', 'custos-reader'];
const topics = ['custos.records', 'custos.refused', 'custos.log', 'custos.checkpoints'];
const groups = ['custos', 'custos-reader'];
const may = (user: string, operation: string, kind: string, name: string) =>
  acls.some((acl) => acl.user === user && acl.operation === operation && acl.kind === kind && acl.name === name);

const every = users.flatMap((user) => [
  ...topics.map((topic) => ({ user, does: 'writes', topic, what: topic, allowed: may(user, 'Write', 'topic', topic) })),
  ...topics.flatMap((topic) =>
    groups.map((group) => ({
      ...{ user, does: 'reads', topic, group, what: `${topic} as ${group}` },
      allowed: may(user, 'Read', 'topic', topic) && may(user, 'Read', 'group', group),
    })),
  ),
]);
const [allowed, forbidden] = [every.filter((one) => one.allowed), every.filter((one) => !one.allowed)];

describeWithOwnBroker('a broker with the documented ACLs', () => {
  let broker: SecuredBroker;
  const open: KafkaPort[] = [];

  beforeAll(async () => {
    broker = await SecuredBroker.start([...users, 'custos-nobody']);
    const admin = adminOf(broker.as('admin'));
    await admin.connect();
    await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 1 })), waitForLeaders: true });
    await admin.createAcls({
      acl: acls.map((acl) => ({
        resourceType: acl.kind === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
        resourceName: acl.name,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: `User:${acl.user}`,
        host: '*',
        operation: acl.operation === 'Read' ? AclOperationTypes.READ : AclOperationTypes.WRITE,
        permissionType: AclPermissionTypes.ALLOW,
      })),
    });
    await admin.disconnect();
    for (const topic of topics) await send('admin', topic);
  });
  afterEach(async () => {
    for (const client of open.splice(0)) await client.close();
  });
  afterAll(() => broker.remove());

  function clientOf(user: string, differing: Partial<KafkaConnection> = {}): KafkaPort {
    const client = kafkajsClient(broker.as(user, differing));
    open.push(client);
    return client;
  }
  async function send(user: string, topic: string, differing: Partial<KafkaConnection> = {}): Promise<void> {
    const producer = await clientOf(user, differing).producer();
    try {
      await producer.send(topic, [{ key: Buffer.from('k'), value: Buffer.from('v'), headers: {} }]);
    } finally {
      await producer.close();
    }
  }
  /** Resolves with the first message. Joining is not enough: who may write to a topic may know how long it is. */
  async function read(user: string, topic: string, group: string): Promise<void> {
    let consumer: KafkaConsumer | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const joining = clientOf(user).consume({
          ...{ group, topics: [topic], sessionTimeoutMs: 3_000 },
          onAssigned: async (assigned) => assigned.map((one) => ({ ...one, offset: one.low })),
          onBatch: async () => resolve(),
          onRevoked: () => undefined,
          onStopped: reject,
        });
        joining.then((joined) => (consumer = joined), reject);
      });
    } finally {
      await consumer?.close();
    }
  }
  const attempt = ({ user, does, topic, group }: { user: string; does: string; topic: string; group?: string }) =>
    does === 'writes' ? send(user, topic) : read(user, topic, group ?? '');
  const high = async (topic: string) => (await clientOf('admin').offsets(topic))[0]?.high;

  it('are understood as they stand in the document, all of them', () => {
    expect(acls).toHaveLength(documented.split('--allow-principal').length - 1);
    expect([allowed.length, forbidden.length]).toEqual([7, 41]);
  });

  it.each(forbidden.filter(({ does }) => does === 'writes'))('refuses that $user $does $what', async (one) => {
    const before = await high(one.topic);
    await expect(attempt(one)).rejects.toMatchObject({ code: 'kafka_refused' });
    expect(await high(one.topic)).toBe(before);
  });

  it.each(forbidden.filter(({ does }) => does === 'reads'))('refuses that $user $does $what', async (one) => {
    await expect(attempt(one)).rejects.toMatchObject({ code: 'kafka_refused' });
  });

  it.each(allowed)('lets pass that $user $does $what', async (one) => {
    await expect(attempt(one)).resolves.toBeUndefined();
  });

  it.each(users)('refuses that %s makes or deletes a topic, or gives rights', async (user) => {
    const admin = adminOf(broker.as(user));
    await admin.connect();
    const right = {
      ...{ resourceType: AclResourceTypes.TOPIC, resourceName: 'custos.log', host: '*', principal: `User:${user}` },
      ...{ resourcePatternType: ResourcePatternTypes.LITERAL, operation: AclOperationTypes.WRITE },
      permissionType: AclPermissionTypes.ALLOW,
    };
    await expect(admin.createTopics({ topics: [{ topic: `of-${user}` }] })).rejects.toThrow();
    await expect(admin.deleteTopics({ topics: ['custos.log'] })).rejects.toThrow();
    await expect(admin.createAcls({ acl: [right] })).rejects.toThrow();
    await admin.disconnect();
  });

  it('refuses a user without rights, a wrong password, no password, and no TLS', async () => {
    const password = 'wrong';
    const sasl = { mechanism: 'scram-sha-512', username: 'custos-publisher', password } as const;
    await expect(send('custos-nobody', 'custos.log')).rejects.toMatchObject({ code: 'kafka_refused' });
    await expect(send('custos-publisher', 'custos.log', { sasl })).rejects.toMatchObject({ code: 'kafka_refused' });
    const { sasl: _sasl, ...anonymous } = broker.as('custos-publisher');
    const { tls: _tls, ...open } = broker.as('custos-publisher');
    for (const connection of [anonymous, open]) {
      const asked = kafkajsClient(connection).offsets('custos.log');
      await expect(asked).rejects.toMatchObject({ code: expect.stringMatching(/^kafka_(refused|unavailable)$/) });
    }
  });

  it('is not spoken to where its certificate is not signed by the authority that was named', async () => {
    const { tls: _tls, ...rest } = broker.as('custos-publisher');
    await expect(kafkajsClient({ ...rest, tls: {} }).offsets('custos.log')).rejects.toMatchObject({
      code: 'kafka_unavailable',
    });
  });
});

/** What the port does not offer, since Custos never does it. */
function adminOf({ brokers, clientId, tls, sasl }: KafkaConnection) {
  const secured = { ssl: { ...tls }, sasl: sasl as never };
  return new Kafka({ brokers: [...brokers], clientId, logLevel: logLevel.NOTHING, ...secured }).admin();
}
