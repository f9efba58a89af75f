import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { IngestRecords, type IngestBody } from '../../src/capture/ingest-records.js';
import type { CommandId, PersonId, SessionId, SubjectId } from '../../src/log/ids.js';
import { VaultInProcess } from '../../test/vault-in-process.js';
import { quantile } from '../closed-loop.js';
import { recordings, repeated } from '../recordings.js';
import { scenario, type Bench } from '../scenario.js';
import { storedBytes } from '../stored-bytes.js';

interface Preset {
  /** Records of each way, each posted by itself. */
  readonly records: number;
  /** Of the sources that do not wait for their answers: one post each so many milliseconds. */
  readonly everyMs: number;
  readonly sessions: number;
}

const source = 'bench' as PersonId;
type Record = IngestBody['records'][number];

interface Posted {
  readonly seconds: number;
  readonly waits: readonly number[];
  readonly batches: number;
  readonly bytes: number;
}

export default scenario<Preset>({
  sentence:
    'Records that are posted one by one: gathered while they come close together, against each in an entry of its own.',
  presets: {
    quick: { records: 600, everyMs: 16, sessions: 4 },
    full: { records: 3000, everyMs: 16, sessions: 16 },
  },
  async run(bench, { records: count, everyMs, sessions }) {
    const [desktop] = recordings();
    if (desktop === undefined) throw new Error('no recording');
    const records = repeated(desktop, count);
    const about = { format: desktop.format.name, records };
    const each = Math.floor(count / sessions);
    for (const [name, post] of [
      [`${sessions} sources that do not wait, a post each ${everyMs} ms`, paced({ everyMs, sessions, each })],
      ['64 callers of one session that wait', atOnce(64)],
      ['one caller that waits', atOnce(1)],
    ] as const) {
      const gathered = await posted(bench, { ...about, numbered: true }, post);
      const apart = await posted(bench, { ...about, numbered: false }, post);
      const against = (value: number) => ({ name: 'an entry each', value });
      bench.report({ measure: `${name}: entries a record`, value: gathered.batches, unit: 'entries', against: against(apart.batches) }); // prettier-ignore
      bench.report({ measure: `${name}: headers and sealed columns a record`, value: gathered.bytes, unit: 'bytes', against: against(apart.bytes) }); // prettier-ignore
      bench.report({ measure: `${name}: records a second`, value: (each * sessions) / gathered.seconds, unit: 'records/s', against: against((each * sessions) / apart.seconds) }); // prettier-ignore
      for (const [share, of] of [
        [0.5, 'half of them'],
        [1, 'all of them'],
      ] as const) {
        bench.report({ measure: `${name}: ${of} durable within`, value: quantile(gathered.waits, share), unit: 'ms', against: against(quantile(apart.waits, share)) }); // prettier-ignore
      }
    }
  },
});

type Send = (session: number, first: number) => Promise<void>;
/** Sends every record once: `session` and its number in there. */
type Way = (send: Send, count: number) => Promise<void>;

function paced({ everyMs, sessions, each }: { everyMs: number; sessions: number; each: number }): Way {
  return async (send) => {
    const sent: Promise<void>[] = [];
    const began = performance.now();
    for (let first = 0; first < each; first += 1) {
      for (let session = 0; session < sessions; session += 1) sent.push(send(session, first));
      await sleep(Math.max(0, began + (first + 1) * everyMs - performance.now()));
    }
    await Promise.all(sent);
  };
}

const atOnce =
  (callers: number): Way =>
  async (send, count) => {
    let next = 0;
    const caller = async () => {
      while (next < count) await send(0, next++);
    };
    await Promise.all(Array.from({ length: callers }, caller));
  };

async function posted(
  bench: Bench,
  { format, records, numbered }: { format: string; records: readonly Record[]; numbered: boolean },
  way: Way,
): Promise<Posted> {
  const vault = await VaultInProcess.start();
  try {
    const handler = vault.ingester();
    const sessions = new Set<SessionId>();
    const waits: number[] = [];
    let accepted = 0;
    const send: Send = async (of, first) => {
      const began = performance.now();
      const session = `session-${of}` as SessionId;
      sessions.add(session);
      const body = { session, subject: `subject-${of}` as SubjectId, format, first: numbered ? first : ('end' as const), records: [records[first] as Record] }; // prettier-ignore
      const answer = await handler.execute(new IngestRecords(randomUUID() as CommandId, source, body));
      waits.push(performance.now() - began);
      accepted += answer.accepted;
    };
    const began = performance.now();
    await way(send, records.length);
    const seconds = (performance.now() - began) / 1000;
    bench.check('every record was accepted', accepted === waits.length);
    bench.check('the log verifies', (await vault.verify()).ok);
    let [batches, counted] = [0, 0];
    for (const session of sessions) {
      for (const entry of await vault.log.reader.session(session)) {
        if (entry.type !== 'session.batch') continue;
        batches += 1;
        counted += entry.data.count;
      }
    }
    bench.check('every record is in the log once', counted === accepted);
    waits.sort((a, b) => a - b);
    return { seconds, waits, batches: batches / accepted, bytes: (await storedBytes(vault)) / accepted };
  } finally {
    await vault.stop();
  }
}
