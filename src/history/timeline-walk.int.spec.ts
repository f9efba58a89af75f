import { randomBytes, randomInt } from 'node:crypto';
import pg from 'pg';
import '../../test/page-threads.js';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import { randomFrom } from '../../test/shuffled.js';
import { start, writeTrueLog } from '../../test/true-log.js';
import { accessKey } from '../access/access-state.js';
import { builtInPolicy } from '../access/built-in-policy.js';
import { policyHash, previewOf } from '../access/policy.js';
import { scopeHash } from '../access/scope.js';
import { accessSlice } from '../access/evolve.js';
import { emptyAuthority } from '../identity/authority.js';
import { authoritySlice } from '../identity/evolve-authority.js';
import { openPool } from '../log/database.js';
import type { Draft } from '../log/draft.js';
import type { Scope } from '../log/entries.js';
import type { GrantId, PersonId, RequestId, SessionId, SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { nobodyWatches, type Visit } from '../log/replay-headers.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { HistoryTimeline, HistoryTimelineHandler } from './history-timeline.js';
import { Timeline, type TimelineEntry, type TimelineOf } from './timeline.js';

/** Enough that whole pages go to other threads, and a few entries before and after them do not. */
const entries = 9 * 4096 + 901;
const origin = 'custos.example/test';
const seed = randomInt(2 ** 31);
const random = randomFrom(seed);
const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
const names = <T>(name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}${index}` as T);
const sessions = names<SessionId>('session-', 12);
const persons = names<PersonId>('person-', 4);
const subjectOf = (session: SessionId) => `subject-${sessions.indexOf(session) % 5}` as SubjectId;
const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** What is told of happens now and then; all else are batches, as in any log that is years old. */
const requests: { id: string; position: number }[] = [];
const releases: number[] = [];
function tell(position: number): Draft {
  const session = one(sessions);
  const about = { subject: subjectOf(session) };
  const batch = { session, epoch: new Uint8Array(16), first: 0, count: 1, from: 1, to: 2, catalogue: 1 };
  if (random() < 0.97) return { type: 'session.batch', stream: `session/${session}`, ...about, data: batch };
  const actor = one(persons);
  // Of a request that there is, or of one that there never was.
  const named = random() < 0.9 ? one(requests)?.id : uuid(999);
  const grant = (named ?? uuid(999)) as GrantId;
  const request = grant as string as RequestId;
  const asked = { grant, session, fields: ['typed'] as const };
  const stream = `request/${grant}`;
  const drafts: readonly (() => Draft)[] = [
    () => made(position, actor),
    () => made(position, actor),
    () => ({ type: 'request.approved', stream, actor, data: { request, envelope: 'none' } }),
    () => ({ type: 'approval.refused', stream, actor, data: { request, rules: ['own_request'] } }),
    () => ({ type: 'grant.revoked', stream, actor, data: { grant, reason: 'enough' } }),
    () => ({ type: 'disclosure.refused', stream, actor, ...about, data: { ...asked, rules: ['grant_expired'] } }),
    () => ({ type: 'history.read', stream: 'history', actor, data: { question: 'timeline', grant } }),
    () => ({ type: 'consent.changed', stream: `subject/${about.subject}`, ...about, data: { consent: 'given' } }),
    () => {
      releases.push(position);
      return { type: 'disclosure.made', stream, actor, ...about, data: { ...asked, versions: 9, records: 1 } };
    },
    () => {
      const disclosure = one(releases) ?? 0;
      const data = { disclosure, records: 1, outcome: 'delivered' as const };
      return { type: 'disclosure.completed', stream: `disclosure/${disclosure}`, actor: 'custos' as PersonId, data };
    },
  ];
  return one(drafts)();
}

function made(position: number, actor: PersonId): Draft {
  const id = uuid(requests.length) as RequestId;
  requests.push({ id, position });
  const named = [...new Set([one(sessions), one(sessions)])].sort();
  const scope: Scope = {
    ...{ fields: ['typed'], sessions: named.map((session) => ({ session, subject: subjectOf(session) })) },
    ...{ from: 0, to: start, purpose: 'to see what is told of it', durationSeconds: 3600 },
    budget: { records: 100, disclosures: 1 },
  };
  const hashes = { scopeHash: scopeHash(scope), policyHash: policyHash(builtInPolicy) };
  const data = {
    request: id,
    scope,
    ...hashes,
    preview: previewOf(builtInPolicy, scope, 10),
    expiresAt: start + 900_000,
  };
  return { type: 'request.made', stream: `request/${id}`, actor, data };
}

let database: TestDatabase;
let pool: pg.Pool;
let log: Log;
beforeAll(async () => {
  const signer = ed25519Signer(origin, randomBytes(32));
  const logKey = formatVerifierKey(origin, signer.publicKey);
  const quorum = { ordinary: 2, large: 3 };
  const trust = { origin, log: logKey, keyholder: new Uint8Array(32), keys: new Map(), sources: new Map(), quorum };
  database = await cloneDatabase();
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  await writeTrueLog(client, { origin, signer, entries, tell });
  await client.end();
  pool = openPool(database.url('custos_service'), { connections: 4, name: 'test' });
  const authority = emptyAuthority(trust, []);
  const slices = [authoritySlice(authority), accessSlice(authority, builtInPolicy)];
  const verifiers = [parseVerifierKey(logKey)];
  log = new Log({ pool, identity: { origin, signer }, verifiers, slices });
  await log.start();
}, 120_000);
afterAll(async () => {
  await log.close();
  await pool.end();
  await database.drop();
});

/** As it was at first: every entry of the log, each decoded; here for all questions at once. */
async function byFullWalk(asked: readonly TimelineOf[]): Promise<(readonly TimelineEntry[])[]> {
  const timelines = asked.map((of) => new Timeline(of));
  const visit: Visit = (_before, entry, after) => {
    for (const timeline of timelines) timeline.add(entry, after.of(accessKey));
  };
  await log.walk({ from: 0, to: entries }, { visit, shown: 'all' });
  return timelines.map((timeline) => timeline.entries);
}
const timeline = async (asked: TimelineOf) =>
  (await new HistoryTimelineHandler(log).execute(new HistoryTimeline(asked))).entries;

/** Rows that are read for it, and entries that are decoded. */
async function costOf(asked: TimelineOf): Promise<{ read: number; decoded: number }> {
  const cost = { read: 0, decoded: 0 };
  const { query } = pg.Client.prototype;
  const watched = jest.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: pg.Client,
    ...given: unknown[]
  ) {
    const { text = '', values } = given[0] as { text?: string; values?: readonly number[] };
    const [, from, to] = /position >= (\d+) AND position < (\d+)/.exec(text) ?? [];
    if (from !== undefined) cost.read += Number(to) - Number(from);
    else if (text.includes('position, leaf, header')) cost.read += (values?.[1] ?? 0) - (values?.[0] ?? 0);
    return (query as (...what: unknown[]) => unknown).apply(this, given) as never;
  } as never);
  const walk = log.walk.bind(log);
  const walked = jest.spyOn(log, 'walk').mockImplementation((span, watch = nobodyWatches) => {
    const visit: Visit = (...entry) => {
      cost.decoded += 1;
      watch.visit(...entry);
    };
    return walk(span, { ...watch, visit });
  });
  await timeline(asked).finally(() => [watched, walked].forEach((one) => one.mockRestore()));
  return cost;
}

it('a timeline is the same as by a full walk that decodes everything', async () => {
  const grantAt = (part: number) => ({ grant: requests[Math.floor(part * requests.length)]?.id as GrantId });
  const questions: readonly TimelineOf[] = [
    ...sessions.slice(0, 2).map((session) => ({ session })),
    ...[{ person: persons[0]! }, { subject: 'subject-1' as SubjectId }, { all: true as const }],
    ...[grantAt(0), grantAt(0.5), grantAt(0.9), { grant: uuid(999) as GrantId }],
  ];
  const expected = await byFullWalk(questions);
  for (const [index, asked] of questions.entries())
    expect({ seed, asked, entries: await timeline(asked) }).toEqual({ seed, asked, entries: expected[index] });
  expect(expected.map(({ length }) => length > 0)).toEqual(questions.map(() => true));
}, 120_000);

describe('a timeline decodes what it may tell of,', () => {
  const bulk = async () => (await pool.query("SELECT 1 FROM log.entry WHERE type = 'session.batch'")).rowCount ?? 0;

  it('and reads and hashes all of the log, so that nothing is left out', async () => {
    expect(await costOf({ person: persons[0]! })).toEqual({ read: entries, decoded: entries - (await bulk()) });
  });

  it('and, of a grant, reads no more than a page below its request', async () => {
    const { id, position } = requests.at(-1)!;
    const { read, decoded } = await costOf({ grant: id as GrantId });
    expect(read).toBeLessThanOrEqual(entries - position + 4096);
    expect(decoded).toBeLessThanOrEqual(entries - position);
  });
});

it('a timeline is refused where a row below it was changed that it does not tell of', async () => {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  const change = `UPDATE log.entry SET header = set_byte(header, 40, get_byte(header, 40) # 1)
    WHERE position = (SELECT min(position) FROM log.entry WHERE type = 'session.batch' AND position > 5000) RETURNING position`;
  await client.query('SET session_replication_role = replica');
  const { rows } = await client.query<{ position: string }>(change);
  await expect(timeline({ person: persons[0]! })).rejects.toMatchObject({
    code: 'log_corrupt',
    members: { position: Number(rows[0]?.position) },
  });
  await client.query(change);
  await client.end();
  expect((await timeline({ person: persons[0]! })).length).toBeGreaterThan(0);
});
