import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { IngestRecords, IngestRecordsHandler, type IngestBody } from '../../src/capture/ingest-records.js';
import { OpenSessions } from '../../src/capture/open-sessions.js';
import { sendSealed } from '../../src/cli/send-sealed.js';
import { mintDevToken, signingKeyPath } from '../../src/identity/dev-people.js';
import { readSigningKey } from '../../src/identity/signing-key.js';
import { loadTrust } from '../../src/identity/trust.js';
import { SubjectKeys } from '../../src/keys/subject-keys.js';
import type { CommandId, PersonId, SessionId, SubjectId } from '../../src/log/ids.js';
import { Secret } from '../../src/sealing/secret.js';
import { ServiceProcess } from '../../test/service-process.js';
import { VaultInProcess } from '../../test/vault-in-process.js';
import { pgcryptoRecords, plainRecords, type PlainPost } from '../baselines/plain-records.js';
import { interleaved, median } from '../interleaved.js';
import { holdsSame } from '../opened-again.js';
import { recordings, repeated, type Recording } from '../recordings.js';
import { scenario, type Bench } from '../scenario.js';
import { storedBytes } from '../stored-bytes.js';

interface Preset {
  readonly rounds: number;
  readonly writers: number;
  readonly recordsAWriter: number;
  /** Posts of each writer before the time is taken: compilers and caches of a service that runs are warm. */
  readonly warmUpPosts: number;
  /** Of the baselines that take a thousand times as long. */
  readonly slowRecords: number;
}

const recordsAPost = 2000;
const source = 'bench' as PersonId;

interface Run {
  readonly perSecond: number;
  readonly storedBytes?: number;
}

export default scenario<Preset>({
  sentence:
    'Recordings taken apart, sealed, logged and durable, against the same records as rows that anyone can read.',
  presets: {
    quick: { rounds: 1, writers: 2, recordsAWriter: 10_000, warmUpPosts: 5, slowRecords: 200 },
    full: { rounds: 5, writers: 2, recordsAWriter: 20_000, warmUpPosts: 10, slowRecords: 1000 },
  },
  async run(bench, preset) {
    for (const recording of recordings()) await compare(bench, recording, preset);
  },
});

async function compare(bench: Bench, recording: Recording, preset: Preset): Promise<void> {
  const { rounds } = preset;
  const runs = await interleaved(rounds, {
    library: () => throughLibrary(bench, recording, preset),
    http: () => throughHttp(bench, recording, preset),
    sealed: () => sealedThroughHttp(bench, recording, preset),
    copy: () => byCopy(bench, recording, preset),
  });
  const slow = await interleaved(1, {
    insert: () => byInsert(bench, recording, preset),
    pgcrypto: () => byPgcrypto(bench, recording, preset),
  });
  const speed = (of: readonly (Run | undefined)[]) => median(of.map((one) => one?.perSecond ?? Number.NaN));
  const baselines = [
    ['COPY of plain rows, three indexes', speed(runs.copy)],
    ['plain rows, one INSERT each', speed(slow.insert)],
    ['pgcrypto, each field', speed(slow.pgcrypto)],
  ] as const;
  for (const [name, value] of [['library', speed(runs.library)], ['HTTP', speed(runs.http)], ['sealed at its source, HTTP', speed(runs.sealed)]] as const) {
    for (const [against, other] of baselines) {
      if (Number.isNaN(other)) continue;
      bench.report({ measure: `${recording.name}, ${name}`, value, unit: 'records/s', against: { name: against, value: other } });
    }
  } // prettier-ignore
  const sent = posts(recording, preset).flat();
  const rawBytes = sent.reduce((sum, { records }) => sum + records.reduce((all, { data }) => all + Buffer.byteLength(JSON.stringify(data)) + 1, 0), 0); // prettier-ignore
  const stored = runs.library[0]?.storedBytes ?? Number.NaN;
  bench.report({ measure: `${recording.name}, headers and sealed columns`, value: stored, unit: 'bytes', against: { name: 'raw JSON', value: rawBytes } }); // prettier-ignore
  const plain = runs.copy[0]?.storedBytes ?? Number.NaN;
  bench.report({ measure: `${recording.name}, plain rows and their indexes`, value: plain, unit: 'bytes', against: { name: 'raw JSON', value: rawBytes } }); // prettier-ignore
}

/** For each writer what it sends, in order: a session of its own. */
function posts(recording: Recording, { writers, recordsAWriter }: Preset): IngestBody[][] {
  const records = repeated(recording, recordsAWriter);
  return Array.from({ length: writers }, (_, writer) =>
    Array.from({ length: Math.ceil(records.length / recordsAPost) }, (__, post) => ({
      session: `writer-${writer}` as SessionId,
      subject: `subject-${writer}` as SubjectId,
      format: recording.format.name,
      first: post * recordsAPost,
      records: records.slice(post * recordsAPost, (post + 1) * recordsAPost),
    })),
  );
}

/** The first of the posts again, as sessions that are not measured. */
const warmUp = (recording: Recording, preset: Preset): IngestBody[][] =>
  posts(recording, { ...preset, recordsAWriter: preset.warmUpPosts * recordsAPost }).map((own) =>
    own.map((post) => ({ ...post, session: `warm-${post.session}` as SessionId })),
  );

/** All writers at once, each waiting for its answers. */
async function timed<P>(all: readonly (readonly P[])[], send: (post: P, writer: number) => Promise<unknown>) {
  const began = performance.now();
  await Promise.all(all.map(async (own, writer) => { for (const post of own) await send(post, writer); })); // prettier-ignore
  return (performance.now() - began) / 1000;
}

async function throughLibrary(bench: Bench, recording: Recording, preset: Preset): Promise<Run> {
  const vault = await VaultInProcess.start();
  try {
    const sessions = new OpenSessions(vault.log.reader);
    const handler = new IngestRecordsHandler(vault.log, sessions, new SubjectKeys(vault.log, vault.keyholder));
    let accepted = 0;
    const send = (post: IngestBody) => handler.execute(new IngestRecords(randomUUID() as CommandId, source, post));
    await timed(warmUp(recording, preset), send);
    const before = await storedBytes(vault);
    const all = posts(recording, preset);
    const seconds = await timed(all, async (post) => {
      const answer = await send(post);
      accepted += answer.accepted;
    });
    const stored = (await storedBytes(vault)) - before;
    const total = preset.writers * preset.recordsAWriter;
    bench.check('every record was accepted', accepted === total);
    for (const [first] of all) {
      const session = (first as IngestBody).session;
      const key = await sessions.inTurn(session, async ({ epoch }) => new Secret((epoch?.key as Secret).bytes.slice()));
      const where = { origin: vault.log.origin, reader: vault.log.reader, bodies: vault.log.bodies };
      const same = await holdsSame(where, session, key, recording, repeated(recording, preset.recordsAWriter) as never);
      bench.check('every record is there once and opens to the same data', same);
    } // prettier-ignore
    bench.check('the log verifies', (await vault.verify()).ok);
    bench.say(`${recording.name}, library: ${Math.round(total / seconds)} records/s`);
    return { perSecond: total / seconds, storedBytes: stored };
  } finally {
    await vault.stop();
  }
}

async function throughHttp(bench: Bench, recording: Recording, preset: Preset): Promise<Run> {
  const program = [...process.execArgv, 'src/cli/main.ts'];
  const service = await ServiceProcess.start({ program, logLevel: 'warn' });
  try {
    const authorization = `Bearer ${await mintDevToken(service.data, 'source')}`;
    const bodies = posts(recording, preset).map((own) => own.map((post) => JSON.stringify(post)));
    let accepted = 0;
    const send = async (body: string) => {
      const headers = { 'content-type': 'application/json', authorization, 'idempotency-key': randomUUID() };
      const answer = await fetch(`${service.url}/v1/records`, { method: 'POST', headers, body });
      return (await answer.json()) as { accepted?: number; duplicate?: number };
    };
    await timed(
      warmUp(recording, preset).map((own) => own.map((post) => JSON.stringify(post))),
      send,
    );
    const seconds = await timed(bodies, async (body) => {
      const answer = await send(body);
      accepted += answer.accepted ?? 0;
    });
    const total = preset.writers * preset.recordsAWriter;
    bench.check('every record that went through HTTP was accepted', accepted === total);
    const again = bodies.map((own) => own.slice(-1));
    let duplicate = 0;
    await timed(again, async (body) => {
      const answer = await send(body);
      duplicate += answer.duplicate ?? 0;
    });
    const inLast = preset.recordsAWriter % recordsAPost || recordsAPost;
    bench.check('what is sent again is there already', duplicate === preset.writers * inLast);
    bench.say(`${recording.name}, HTTP: ${Math.round(total / seconds)} records/s`);
    return { perSecond: total / seconds };
  } finally {
    await service.stop('SIGTERM');
    await service.remove();
  }
}

/** What the service does with it: the source has sealed all of it before the time is taken. */
async function sealedThroughHttp(bench: Bench, recording: Recording, preset: Preset): Promise<Run> {
  const program = [...process.execArgv, 'src/cli/main.ts'];
  const service = await ServiceProcess.start({ program, logLevel: 'warn' });
  try {
    const authorization = `Bearer ${await mintDevToken(service.data, 'source')}`;
    const headers = { 'content-type': 'application/json', authorization };
    const send = async <T>(path: string, body: string): Promise<T> => {
      const answer = await fetch(`${service.url}${path}`, { method: 'POST', headers, body });
      return (await answer.json()) as T;
    };
    const key = await readSigningKey(signingKeyPath(service.data, 'source'), () => Promise.reject(new Error('no passphrase'))); // prettier-ignore
    const trust = await loadTrust(join(service.data, 'trust.json'));
    /** As a source makes them: the key comes from the service, what is sealed stays here. */
    const sealedBodies = (own: readonly IngestBody[]): Promise<string[]> => {
      const bodies: string[] = [];
      const client = {
        post: <T>(path: string, body: unknown): Promise<T> => {
          if (path !== '/v1/sealed-batches') return send<T>(path, JSON.stringify(body));
          bodies.push(JSON.stringify(body));
          return Promise.resolve({} as T);
        },
      };
      const { session, subject, format } = own[0] as IngestBody;
      const seal = sendSealed(client, { session, subject, format }, { key, trust });
      return own.reduce((before, post) => before.then(() => seal(post.first as number, post.records)).then(() => undefined), Promise.resolve()).then(() => bodies); // prettier-ignore
    };
    const [warm, sealed] = await Promise.all(
      [warmUp(recording, preset), posts(recording, preset)].map((all) => Promise.all(all.map(sealedBodies))),
    );
    const stored = (body: string) => send<{ accepted: number }>('/v1/sealed-batches', body);
    await timed(warm as string[][], stored);
    let accepted = 0;
    const seconds = await timed(sealed as string[][], async (body) => {
      const answer = await stored(body);
      accepted += answer.accepted;
    });
    const total = preset.writers * preset.recordsAWriter;
    bench.check('every record that its source sealed was accepted', accepted === total);
    bench.say(`${recording.name}, sealed at its source, HTTP: ${Math.round(total / seconds)} records/s`);
    return { perSecond: total / seconds };
  } finally {
    await service.stop('SIGTERM');
    await service.remove();
  }
}

async function byCopy(bench: Bench, recording: Recording, preset: Preset): Promise<Run> {
  const database = await bench.database();
  const plain: Awaited<ReturnType<typeof plainRecords>>[] = [];
  while (plain.length < preset.writers) plain.push(await plainRecords(database));
  try {
    const copy = (post: PlainPost, writer: number) => (plain[writer] as (typeof plain)[number]).copy(post);
    await timed<PlainPost>(warmUp(recording, preset) as PlainPost[][], copy);
    const [rows, bytes] = [await plain[0]?.rows(), await plain[0]?.bytes()];
    const seconds = await timed<PlainPost>(posts(recording, preset) as PlainPost[][], copy);
    const total = preset.writers * preset.recordsAWriter;
    bench.check('every copied row is there', (await plain[0]?.rows()) === (rows ?? 0) + total);
    bench.say(`${recording.name}, COPY: ${Math.round(total / seconds)} records/s`);
    return { perSecond: total / seconds, storedBytes: ((await plain[0]?.bytes()) ?? 0) - (bytes ?? 0) };
  } finally {
    for (const one of plain) await one.close();
  }
}

async function byInsert(bench: Bench, recording: Recording, preset: Preset): Promise<Run> {
  const plain = await plainRecords(await bench.database());
  try {
    const few = { ...preset, writers: 1, recordsAWriter: preset.slowRecords };
    const seconds = await timed(posts(recording, few) as PlainPost[][], (post) => plain.insert(post));
    bench.check('every inserted row is there', (await plain.rows()) === preset.slowRecords);
    return { perSecond: preset.slowRecords / seconds };
  } finally {
    await plain.close();
  }
}

async function byPgcrypto(bench: Bench, recording: Recording, preset: Preset): Promise<Run | undefined> {
  const crypted = await pgcryptoRecords(await bench.database());
  if (crypted === undefined) return void bench.say('this PostgreSQL has no pgcrypto');
  try {
    const few = { ...preset, writers: 1, recordsAWriter: preset.slowRecords };
    const seconds = await timed(posts(recording, few) as PlainPost[][], (post) => crypted.insert(post, recording));
    bench.check('every encrypted record is there', (await crypted.records()) === preset.slowRecords);
    return { perSecond: preset.slowRecords / seconds };
  } finally {
    await crypted.close();
  }
}
