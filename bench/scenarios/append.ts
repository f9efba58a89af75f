import { randomBytes, randomUUID } from 'node:crypto';
import type { Draft } from '../../src/log/draft.js';
import type { CommandId, PersonId, SessionId, SubjectId } from '../../src/log/ids.js';
import { writeCommand } from '../../src/log/write-command.js';
import { copyRows } from '../baselines/copy.js';
import { emmett } from '../baselines/emmett.js';
import { singleInsert, type PlainRow } from '../baselines/single-insert.js';
import { closedLoop, type Load } from '../closed-loop.js';
import { interleaved, median } from '../interleaved.js';
import { openLog, origin } from '../log-under-test.js';
import { countVerified } from '../receipts.js';
import { scenario, type Bench } from '../scenario.js';

interface Preset {
  readonly seconds: number;
  readonly rounds: number;
  readonly warmUp: number;
  readonly writers: readonly number[];
  readonly instances: readonly number[];
}
type Kind = keyof typeof kinds;

const actor = 'bench' as PersonId;
const subject = 'bench-subject' as SubjectId;
/** Random, as sealed columns are: three columns of what a batch of 128 desktop records comes to. */
const columns = (['time', 'pointer', 'typed'] as const).map((field) => ({ field, sealed: randomBytes(2048) }));
const epoch = randomBytes(16);

const kinds = {
  'small entries': (session: SessionId, first: number): Draft => ({
    type: 'records.suppressed',
    stream: `session/${session}`,
    subject,
    data: { session, first, count: 1, reason: 'paused' },
  }),
  'sealed batches': (session: SessionId, first: number): Draft => ({
    type: 'session.batch',
    stream: `session/${session}`,
    subject,
    data: { session, epoch, first, count: 128, from: 1_700_000_000_000, to: 1_700_000_009_000, catalogue: 1 },
    columns,
  }),
} as const;

/** As large as the row of an entry: a header of this kind, and its columns laid end to end. */
const plainRow = (kind: Kind, stream: string): PlainRow =>
  kind === 'small entries'
    ? { stream, header: randomBytes(230), body: null }
    : { stream, header: randomBytes(560), body: Buffer.concat(columns.map(({ sealed }) => sealed)) };

export default scenario<Preset>({
  sentence: 'Entries appended by writers who each wait for their answer, against rows that nobody can prove.',
  presets: {
    quick: { seconds: 1, rounds: 1, warmUp: 0, writers: [64, 256], instances: [1] },
    full: { seconds: 2, rounds: 3, warmUp: 1, writers: [1, 16, 64, 256], instances: [1, 2] },
  },
  async run(bench, preset) {
    for (const kind of Object.keys(kinds) as Kind[]) {
      for (const writers of preset.writers) await compare(bench, preset, kind, writers);
    }
  },
});

async function compare(bench: Bench, preset: Preset, kind: Kind, writers: number): Promise<void> {
  const { seconds, rounds, warmUp } = preset;
  const contenders: Record<string, () => Promise<Load>> = {
    'single-row INSERT': () => withPlainRows(bench, kind, writers, seconds),
    ...(kind === 'small entries' ? { emmett: () => withEmmett(bench, writers, seconds) } : {}),
    'COPY of 256 rows': () => withCopy(bench, kind, seconds),
  };
  for (const instances of preset.instances) {
    contenders[instancesOf(instances)] = () => withLog(bench, kind, { writers, seconds, instances });
  }
  const loads = await interleaved(rounds, contenders, { warmUp });
  const perSecond = (name: string) => median((loads[name] ?? []).map((load) => load.perSecond));
  for (const instances of preset.instances) {
    const name = instancesOf(instances);
    const title = `${kind}, ${writers} writers, ${name}`;
    for (const baseline of Object.keys(contenders).filter((other) => other !== name && !other.includes('instance'))) {
      const against = { name: baseline, value: perSecond(baseline) };
      bench.report({ measure: title, value: perSecond(name), unit: 'entries/s', against });
    }
    for (const [quantile, of] of [
      ['p50', 'p50Ms'],
      ['p99', 'p99Ms'],
    ] as const) {
      const value = median((loads[name] ?? []).map((load) => load[of]));
      const against = {
        name: 'single-row INSERT',
        value: median((loads['single-row INSERT'] ?? []).map((load) => load[of])),
      };
      bench.report({ measure: `${title}, ${quantile}`, value, unit: 'ms', against });
    }
  }
}

const instancesOf = (count: number) => (count === 1 ? '1 instance' : `${count} instances`);

async function withLog(
  bench: Bench,
  kind: Kind,
  { writers, seconds, instances }: { writers: number; seconds: number; instances: number },
): Promise<Load> {
  const log = await openLog(await bench.database(), instances);
  try {
    const written = Array.from({ length: writers }, () => 0);
    const acknowledged: number[] = [];
    const receipts: string[] = [];
    const append = async (writer: number) => {
      const first = written[writer] ?? 0;
      written[writer] = first + 1;
      const draft = kinds[kind](`writer-${writer}` as SessionId, first);
      const instance = log.instances[writer % instances];
      const command = writeCommand(randomUUID() as CommandId, actor, first);
      const committed = await instance?.append(command, () => ({ entries: [draft], answer: null }));
      if (committed === undefined) return;
      // The caller has the proof before it goes on: making it is part of the time.
      receipts.push(...(await committed.receipts()));
      acknowledged.push(...committed.positions);
    };
    const load = await closedLoop({ writers, seconds }, append);
    bench.say(`${kind}, ${writers} writers, ${instancesOf(instances)}: ${Math.round(load.perSecond)}/s`);
    acknowledged.sort((a, b) => a - b);
    bench.check(
      'every acknowledged entry has a position of its own, without a gap',
      acknowledged.every((position, index) => position === index + 1),
    );
    const verified = countVerified(receipts, origin, log.verifiers);
    bench.check('every acknowledged entry has a receipt that verifies', verified === acknowledged.length);
    const { ok, entries } = await log.verify();
    bench.check('the log verifies', ok);
    bench.check('the log holds what was acknowledged and nothing else', entries === acknowledged.length + 1);
    return load;
  } finally {
    await log.close();
  }
}

async function withPlainRows(bench: Bench, kind: Kind, writers: number, seconds: number): Promise<Load> {
  const plain = await singleInsert(await bench.database(), writers);
  try {
    const load = await closedLoop({ writers, seconds }, (writer) => plain.insert(plainRow(kind, `session/${writer}`)));
    bench.check('every plain row is there', (await plain.rows()) === load.operations);
    return load;
  } finally {
    await plain.close();
  }
}

async function withEmmett(bench: Bench, writers: number, seconds: number): Promise<Load> {
  const store = await emmett(await bench.database(), writers);
  try {
    const data = { session: 'writer', first: 0, count: 1, reason: 'paused' };
    const load = await closedLoop({ writers, seconds }, (writer) => store.append(`session-${writer}`, data));
    bench.check('every event of emmett is there', Number(await store.rows()) === load.operations);
    return load;
  } finally {
    await store.close();
  }
}

async function withCopy(bench: Bench, kind: Kind, seconds: number): Promise<Load> {
  const plain = await copyRows(await bench.database());
  const rowsACopy = 256;
  try {
    const rows = Array.from({ length: rowsACopy }, (_, index) => plainRow(kind, `session/${index}`));
    const load = await closedLoop({ writers: 1, seconds }, () => plain.copy(rows));
    bench.check('every copied row is there', (await plain.rows()) === load.operations * rowsACopy);
    return { ...load, perSecond: load.perSecond * rowsACopy };
  } finally {
    await plain.close();
  }
}
