import { sealedEvent } from '../../test/kafka/sealed-event.js';
import { openSealer, sealRecords, type SealedFor } from '../../test/sealed-source.js';
import { source, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { VersionConflict } from '../log/decide-group.js';
import type { Entry, EntryOf } from '../log/header.js';
import type { SessionId } from '../log/ids.js';
import type { Log } from '../log/log.js';
import { Problem } from '../problem.js';
import type { IncomingMessage } from './kafka-port.js';
import type { RefusedMessage } from '../log/entries.js';
import type { TakenCounts } from './decide-messages.js';
import { storedBatchType } from './read-message.js';
import { TakenPartition, type TakenListener } from './taken-partition.js';

let vault: VaultInProcess;
beforeEach(async () => (vault = await VaultInProcess.start()));
afterEach(() => vault.stop());

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const message = (offset: number, value: unknown, key = 'one'): IncomingMessage => ({
  offset,
  at: 0,
  key: bytes(key),
  value: bytes(typeof value === 'string' ? value : JSON.stringify(value)),
  headers: { 'content-type': bytes('application/cloudevents+json') },
});

const plaintext = { specversion: '1.0', type: 'custos.record.rrweb', source: '/r', id: '1', data: { typed: 'canary' } };

/** One message for each ten records of a session, at these offsets. */
async function messagesOf(offsets: readonly number[], meant: SealedFor = {}): Promise<IncomingMessage[]> {
  const by = await openSealer(vault, meant);
  const { session = 'one', subject = 's1' } = meant;
  return Promise.all(
    offsets.map(async (offset, index) => {
      const first = index * 10;
      const sealed = await sealRecords(by, typedRecords(10, 'typed', first), first);
      return message(offset, sealedEvent(sealed, { session, subject, first }), session);
    }),
  );
}

/** What was told, in order. */
const told: { counts: TakenCounts[]; refused: RefusedMessage[][] } = { counts: [], refused: [] };
beforeEach(() => Object.assign(told, { counts: [], refused: [] }));
const listener: TakenListener = {
  taken: (_of, counts) => void told.counts.push(counts),
  refused: async (_of, refused) => void told.refused.push([...refused]),
};
const partition = (log: Log = vault.log, to = listener) =>
  new TakenPartition(log, { topic: 'records', partition: 0 }, to);
const entriesOf = (stream: string) => vault.log.reader.stream(stream);
const toldOf = (entries: readonly Entry[]) => entries.map(({ type, data }) => [type, data] as const);
const typesOf = async (session = 'one') => (await entriesOf(`session/${session}`)).map(({ type }) => type);
const size = async () => (await vault.log.reader.head()).size;
const refusedOf = async () => {
  const entries = (await entriesOf('topic/records/0')) as EntryOf<'messages.taken'>[];
  return entries.flatMap(({ data }) => data.refused.map(({ offset, code }) => [offset, code]));
};

describe('messages of a topic are taken', () => {
  it('with the new position in the same command, as their source', async () => {
    const messages = await messagesOf([0, 1, 2]);
    const before = await size();
    await partition().take(messages);
    expect(told.counts.at(-1)).toEqual({
      accepted: 30,
      duplicate: 0,
      suppressed: 0,
      rejected: 0,
      missing: 0,
      refused: 0,
    });
    expect(toldOf(await entriesOf('topic/records/0'))).toEqual([
      ['messages.taken', { topic: 'records', partition: 0, from: 0, next: 3, refused: [] }],
    ]);
    const session = await entriesOf('session/one');
    expect(session.map(({ type, position }) => [type, position])).toEqual([
      ['session.opened', before + 1],
      ['session.keyed', before + 2],
      ['session.batch', before + 3],
      ['session.batch', before + 4],
      ['session.batch', before + 5],
    ]);
    expect(new Set(session.map(({ actor }) => actor))).toEqual(new Set([source]));
    const { records } = await vault.read(await vault.grant('one', ['typed']), 'one');
    expect(records).toHaveLength(30);
    expect((await vault.verify()).problems).toEqual([]);
  });

  it('in binary mode too: the envelope in headers, what is sealed as the value', async () => {
    const [structured] = (await messagesOf([0])) as [IncomingMessage];
    const { data, ...attributes } = JSON.parse(Buffer.from(structured.value ?? []).toString()) as Event;
    const headers = Object.entries(attributes).map(([name, value]) => [`ce_${name}`, bytes(value)]);
    const binary = {
      ...message(0, data),
      headers: { 'content-type': bytes('application/json'), ...Object.fromEntries(headers) },
    };
    await partition().take([binary]);
    expect(told.counts).toMatchObject([{ accepted: 10, refused: 0 }]);
  });

  it('once: what comes again, or from a rewound group, writes nothing', async () => {
    const messages = await messagesOf([0, 1, 2]);
    const here = partition();
    await here.take(messages);
    const before = await size();
    await here.take(messages);
    await partition().take(messages.slice(1));
    expect(await size()).toBe(before);
  });

  it('once, also where one message is on the topic twice', async () => {
    const [one, two] = (await messagesOf([0, 1])) as [IncomingMessage, IncomingMessage];
    await partition().take([one, two, { ...one, offset: 2 }]);
    expect(told.counts.at(-1)).toMatchObject({ accepted: 20, duplicate: 10, refused: 0 });
    expect((await typesOf()).filter((type) => type === 'session.batch')).toHaveLength(2);
  });

  it('not by a consumer that is back from the dead: it is refused, and reads where the log is', async () => {
    const [one, three] = (await messagesOf([0, 2])) as [IncomingMessage, IncomingMessage];
    const dead = partition(await vault.openLog());
    await dead.take([one]);
    await partition().take([message(1, plaintext)]);
    const before = await size();
    await expect(dead.take([message(1, plaintext), three])).rejects.toBeInstanceOf(VersionConflict);
    // Nor what no session would tell from the first time.
    await expect(dead.take([message(1, plaintext), message(2, plaintext)])).rejects.toBeInstanceOf(VersionConflict);
    expect(await size()).toBe(before);
    dead.forget();
    await dead.take([message(1, plaintext), three]);
    expect(told.counts.at(-1)).toMatchObject({ accepted: 10, duplicate: 0, refused: 0 });
    expect(await refusedOf()).toEqual([[1, 'payload_unsealed']]);
  });

  it('by two at once, once, and what is refused too', async () => {
    const messages = [...(await messagesOf([0, 2, 4])), ...[1, 3, 5].map((offset) => message(offset, plaintext))];
    messages.sort((a, b) => a.offset - b.offset);
    const takeAll = async (log: Log) => {
      const mine = partition(log);
      for (let left = [...messages]; left.length > 0;) {
        await mine.take(left.slice(0, 1)).then(
          () => left.shift(),
          () => mine.forget(),
        );
      }
    };
    await Promise.all([takeAll(vault.log), takeAll(await vault.openLog())]);
    expect((await typesOf()).filter((type) => type === 'session.batch')).toHaveLength(3);
    const moves = (await entriesOf('topic/records/0')) as EntryOf<'messages.taken'>[];
    expect(moves.map(({ data }) => [data.from, data.next])).toEqual(messages.map(({ offset }) => [offset, offset + 1]));
    expect((await vault.verify()).problems).toEqual([]);
  });

  it('behind somebody else who writes the session over HTTP', async () => {
    const messages = await messagesOf([0, 1]);
    const here = partition();
    await here.take(messages.slice(0, 1));
    await vault.ingest('one', 's1', typedRecords(3, 'typed', 10), { first: 10 });
    await expect(here.take(messages.slice(1))).rejects.toBeInstanceOf(VersionConflict);
    here.forget();
    await here.take(messages.slice(1));
    // What is sealed cannot be cut: the message overlaps with what came the other way.
    expect(await refusedOf()).toEqual([[1, 'sequence_overlap']]);
  });
});

describe('a message is refused by its offset and a code, and stops nothing but itself:', () => {
  const plaintext = {
    specversion: '1.0',
    type: 'custos.record.rrweb',
    source: '/r',
    id: '1',
    data: { typed: 'canary' },
  };

  it.each<[string, string, (good: IncomingMessage) => IncomingMessage | Promise<IncomingMessage>]>([
    ['plaintext', 'payload_unsealed', ({ offset }) => message(offset, plaintext)],
    ['what is no JSON', 'message_malformed', ({ offset }) => message(offset, 'canary {')],
    ['what is no CloudEvent', 'message_malformed', ({ offset }) => message(offset, { canary: 1 })],
    ['a message without a value', 'message_malformed', (good) => ({ ...good, value: undefined })],
    ['a message without headers', 'message_malformed', (good) => ({ ...good, headers: {} })],
    ['another key than the session', 'input_invalid', (good) => ({ ...good, key: bytes('canary') })],
    ['a message without a key', 'input_invalid', (good) => ({ ...good, key: undefined })],
    ['another subject in the envelope', 'input_invalid', (good) => changed(good, (event) => ({ ...event, subject: 's2' }))],
    ['records in place of what is sealed', 'input_invalid', (good) => changed(good, (event) => ({ ...event, data: { ...event.data, records: ['canary'] } }))],
    ['a number of records that nobody signed', 'records_unsealed', (good) => changed(good, (event) => ({ ...event, data: { ...event.data, sealed: undefined } }))],
    ['another format than there is', 'format_unknown', (good) => changed(good, (event) => ({ ...event, data: { ...event.data, format: 'canary' } }))],
    ['another subject than was signed', 'batch_signature_invalid', (good) => changed(good, (event) => ({ ...event, data: { ...event.data, subject: 's2' } }))],
    ['a key that nobody knows', 'source_key_unknown', (good) => changed(good, (event) => ({ ...event, data: { ...event.data, sealed: { ...event.data.sealed, signedBy: 'ab'.repeat(8) } } }))],
    ['the name of a key that no text can be', 'input_invalid', (good) => changed(good, (event) => ({ ...event, data: { ...event.data, sealed: { ...event.data.sealed, epoch: { ...event.data.sealed.epoch, keyId: '\ud800' } } } }))],
  ])('%s (%s)', async (_what, code, spoil) => {
    const [one, two, three] = (await messagesOf([0, 1, 2])) as [IncomingMessage, IncomingMessage, IncomingMessage];
    await partition().take([one, await spoil(two), three]);
    expect(told).toMatchObject({ counts: [{ accepted: 20, missing: 10, refused: 1 }], refused: [[{ offset: 1, code }]] });
    expect(await refusedOf()).toEqual([[1, code]]);
    expect((await typesOf()).slice(2)).toEqual(['session.batch', 'records.missing', 'session.batch']);
    const { rows } = await vault.asIntruder("SELECT FROM log.entry WHERE encode(header, 'escape') LIKE '%canary%'");
    expect(rows).toEqual([]);
    expect((await vault.verify()).problems).toEqual([]);
  }); // prettier-ignore

  it('not so what nobody signed in a message that is good: numbers behind what is signed are not used up by it', async () => {
    const [one, two] = (await messagesOf([0, 1])) as [IncomingMessage, IncomingMessage];
    const forged = changed(one, ({ data, ...event }) => {
      const rejected = [{ first: 10, count: 1000 }];
      return { ...event, data: { ...data, count: 1010, sealed: { ...data.sealed, rejected } } };
    });
    await partition().take([forged, two]);
    expect(told.counts).toMatchObject([{ accepted: 20, rejected: 0, missing: 0, refused: 0 }]);
  });

  it('numbers of which nothing is signed', async () => {
    const [one, two] = (await messagesOf([0, 1])) as [IncomingMessage, IncomingMessage];
    const forged = changed(one, ({ data, ...event }) => {
      const rejected = [{ first: 0, count: 10 }];
      return { ...event, data: { ...data, sealed: { ...data.sealed, batches: [], rejected } } };
    });
    await partition().take([forged, { ...one, offset: 1 }, { ...two, offset: 2 }]);
    expect(told.counts).toMatchObject([{ accepted: 20, missing: 0, refused: 1 }]);
    expect(await refusedOf()).toEqual([[0, 'records_unsealed']]);
  });

  it('a session that is of somebody else', async () => {
    await vault.ingest('one', 's2', typedRecords(3));
    await partition().take(await messagesOf([0]));
    expect(await refusedOf()).toEqual([[0, 'session_conflict']]);
  });

  it('what comes after its session has gone on without it, and that it is not stored is not hidden', async () => {
    const [one, two, three] = (await messagesOf([0, 1, 2])) as [IncomingMessage, IncomingMessage, IncomingMessage];
    const here = partition();
    await here.take([one, { ...three, offset: 1 }]);
    await here.take([
      { ...two, offset: 2 },
      { ...three, offset: 3 },
    ]);
    expect(told.counts.at(-1)).toMatchObject({ accepted: 0, duplicate: 10, refused: 1 });
    expect(await refusedOf()).toEqual([[2, 'records_late']]);
  });
});

describe('records too large for a broker', () => {
  const large = () => vault.ingest('one', 's1', typedRecords(10, 'typed', 10), { first: 10 });
  async function wordOf(offset: number, change = (hash: string) => hash): Promise<IncomingMessage> {
    const entries = await entriesOf('session/one');
    const batch = entries.filter(({ type }) => type === 'session.batch').at(-1) as Entry;
    const hex = (some: Uint8Array) => Buffer.from(some).toString('hex');
    const columns = batch.columns.map(({ field, sha256 }) => ({ field, sha256: change(hex(sha256)) }));
    const data = { session: 'one', subject: 's1', batches: [{ id: hex(batch.id), columns }] };
    return message(offset, { specversion: '1.0', type: storedBatchType, source: '/r', id: `${offset}`, data });
  }

  it('go by HTTP between messages, and the message about them is held against the log', async () => {
    const [one, three] = (await messagesOf([0, 1, 3])).flatMap((each, index) => (index === 1 ? [] : [each])) as [
      IncomingMessage,
      IncomingMessage,
    ];
    const here = partition();
    await here.take([one]);
    await large();
    here.forget();
    await here.take([await wordOf(2), three]);
    expect(told.counts.at(-1)).toMatchObject({ accepted: 10, duplicate: 10, missing: 0, refused: 0 });
    expect(await refusedOf()).toEqual([]);
  });

  it.each([
    ['with another hash', (hash: string) => hash.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))],
    ['with less than was stored', undefined],
  ])('are not believed %s', async (_what, change) => {
    const here = partition();
    await here.take(await messagesOf([0]));
    await large();
    const word = await wordOf(1, change);
    await here.take([change === undefined ? changed(word, withoutAColumn) : word]);
    expect(await refusedOf()).toEqual([[1, 'payload_missing']]);
  });

  const withoutAColumn = (event: Event) => {
    const data = event.data as unknown as { batches: { id: string; columns: unknown[] }[] };
    return {
      ...event,
      data: { ...data, batches: data.batches.map((batch) => ({ ...batch, columns: batch.columns.slice(1) })) },
    };
  };
});

describe('whoever hears of what is refused', () => {
  const poison = [message(0, plaintext), message(1, plaintext)];
  const deaf: TakenListener = {
    ...listener,
    refused: async () => {
      throw new Problem('kafka_unavailable');
    },
  };

  it('hears of it before anything behind it is taken', async () => {
    const here = partition(vault.log, deaf);
    await expect(here.take(poison.slice(0, 1))).rejects.toMatchObject({ code: 'kafka_unavailable' });
    await expect(here.take(poison)).rejects.toMatchObject({ code: 'kafka_unavailable' });
    expect(await refusedOf()).toEqual([[0, 'payload_unsealed']]);
  });

  it('hears of it by whoever takes the partition over, if nobody has told', async () => {
    await expect(partition(vault.log, deaf).take(poison)).rejects.toMatchObject({ code: 'kafka_unavailable' });
    await partition().take([]);
    expect(told.refused).toEqual([[0, 1].map((offset) => ({ offset, code: 'payload_unsealed' }))]);
  });
});

describe('where the head is', () => {
  it('consent withdrawn meanwhile, by another instance, nothing is stored', async () => {
    const messages = await messagesOf([0, 1]);
    const here = partition();
    await here.take(messages.slice(0, 1));
    await vault.consent('s1', 'paused', await vault.openLog());
    await here.take(messages.slice(1));
    expect(told.counts.at(-1)).toMatchObject({ accepted: 0, suppressed: 10 });
    expect((await typesOf()).at(-1)).toBe('records.suppressed');
    expect((await vault.asIntruder('SELECT DISTINCT position FROM log.body')).rows).toHaveLength(1);
  });

  it('a paused programme and an erased subject are counted, each by itself', async () => {
    const [one, two] = [await messagesOf([0]), await messagesOf([1], { session: 'two', subject: 's2' })];
    await vault.erase('s1');
    await vault.pauseProgramme();
    await partition().take([...one, ...two]);
    expect(told.counts.at(-1)).toMatchObject({ accepted: 0, suppressed: 20, refused: 0 });
    const reasons = [...(await entriesOf('session/one')), ...(await entriesOf('session/two'))].map(({ data }) => data);
    expect(reasons).toMatchObject([{ reason: 'erased' }, { reason: 'programme' }]);
  });
});

describe('what the broker has deleted before it was taken', () => {
  it('does not hide what was refused before it and not told of yet', async () => {
    const deaf = { ...listener, refused: () => Promise.reject(new Problem('kafka_unavailable')) };
    await expect(partition(vault.log, deaf).take([message(0, plaintext)])).rejects.toMatchObject({
      code: 'kafka_unavailable',
    });
    // Another service, or this one after it was killed.
    expect(await partition().goOnFrom(9)).toBe(8);
    expect(told.refused).toEqual([[{ offset: 0, code: 'payload_unsealed' }]]);
  });

  it('is in the log, and the partition goes on behind it', async () => {
    const messages = await messagesOf([0, 9]);
    const here = partition();
    await here.take(messages.slice(0, 1));
    expect(await here.goOnFrom(9)).toBe(8);
    expect(await here.goOnFrom(9)).toBe(0);
    await here.take(messages.slice(1));
    expect(toldOf(await entriesOf('topic/records/0')).map(([type, data]) => [type, data])).toMatchObject([
      ['messages.taken', { from: 0, next: 1 }],
      ['messages.lost', { from: 1, next: 9 }],
      ['messages.taken', { from: 9, next: 10 }],
    ]);
    expect(await partition().position()).toMatchObject({ next: 10, version: 3 });
  });
});

describe('the position', () => {
  it('is believed only if a signed checkpoint covers it', async () => {
    await partition().take(await messagesOf([0, 1]));
    const [{ position }] = (await entriesOf('topic/records/0')) as [Entry];
    await vault.asIntruder(
      `ALTER TABLE log.entry DISABLE TRIGGER USER;
       UPDATE log.entry SET header = overlay(header PLACING '\\x05' FROM position('next'::bytea IN header) + 4)
       WHERE position = ${position}`,
    );
    await expect(partition().position()).rejects.toMatchObject({
      code: 'log_corrupt',
      members: { position },
    });
  });

  it('goes through offsets that are no messages of ours', async () => {
    const messages = await messagesOf([3, 7]);
    await partition().take(messages);
    expect(await partition().position()).toMatchObject({ next: 8 });
    expect((await entriesOf('session/one' as SessionId)).length).toBe(4);
  });
});

type Event = ReturnType<typeof sealedEvent>;
function changed(good: IncomingMessage, change: (event: Event) => unknown): IncomingMessage {
  const event = JSON.parse(Buffer.from(good.value ?? []).toString()) as Event;
  return message(good.offset, change(event));
}
