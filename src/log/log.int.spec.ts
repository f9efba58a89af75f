import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import { openCheckpoint } from '../merkle/checkpoint.js';
import { frontierRoot, appendLeaves, emptyFrontier } from '../merkle/frontier.js';
import { leafHash } from '../merkle/hash.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { verifyInclusion } from '../merkle/proof.js';
import { parseTlogProof } from '../merkle/tlog-proof.js';
import { Problem } from '../problem.js';
import { VersionConflict } from './decide-group.js';
import { openPool } from './database.js';
import type { Draft } from './draft.js';
import { Governance, type Slice } from './governance.js';
import { decodeHeader } from './header.js';
import type { CommandId, PersonId, SessionId, SubjectId } from './ids.js';
import { Log } from './log.js';
import type { Visit } from './replay-headers.js';
import { verifyLog } from './verify-log.js';
import { writeCommand } from './write-command.js';

const origin = 'custos.example/test';
const signer = ed25519Signer(origin, randomBytes(32));
const verifiers = [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))];
/** Counts consent changes: the smallest state that shows at which position a decision was made. */
const counted: Slice<number> = {
  key: { slice: 'counted' },
  empty: 0,
  evolve: (state, entry) => (entry.type === 'consent.changed' ? state + 1 : state),
};

let database: TestDatabase;
let pools: pg.Pool[];
let log: Log;

const open = (role: 'custos_service' | 'custos_reader') => {
  const pool = openPool(database.url(role), { connections: 4, name: 'test' });
  pools.push(pool);
  return pool;
};
const newLog = (slices = [counted], options: { entriesBetweenStates?: number } = {}) =>
  new Log({ pool: open('custos_service'), identity: { origin, signer }, verifiers, slices, ...options });
const person = 'tester' as PersonId;
const subject = 's1' as SubjectId;
const consent = (stream = 'subject/s1'): Draft => ({
  type: 'consent.changed',
  stream,
  subject,
  data: { consent: 'given' },
});
const command = (id: string = randomUUID()) => writeCommand(id as CommandId, person, 'intent');
const append = (drafts: readonly Draft[], to = log) =>
  to.append(command(), (head) => ({ entries: drafts, answer: { size: head.size } }));
const verify = () =>
  verifyLog({
    db: open('custos_reader'),
    origin,
    verifiers,
    governance: Governance.empty([counted]),
    audit: () => undefined,
  });

/** What only a superuser can do, with every trigger off. */
async function asIntruder(sql: string, values: unknown[] = []): Promise<void> {
  const pool = openPool(database.superuserUrl, { connections: 1, name: 'intruder' });
  try {
    await pool.query('SET session_replication_role = replica');
    await pool.query(sql, values);
  } finally {
    await pool.end();
  }
}

beforeEach(async () => {
  database = await cloneDatabase();
  pools = [];
  log = newLog();
  await log.start();
});
afterEach(async () => {
  await log.close();
  for (const pool of pools) await pool.end();
  await database.drop();
});

describe('the log refuses', () => {
  it('an update, a delete and a truncation, by privilege and by trigger', async () => {
    await append([consent()]);
    const service = open('custos_service');
    for (const sql of [
      "UPDATE log.entry SET type = 'x'",
      'DELETE FROM log.entry',
      'TRUNCATE log.entry',
      'UPDATE log.head SET size = 0',
    ]) {
      await expect(service.query(sql)).rejects.toMatchObject({ code: '42501' });
    }
    const owner = openPool(database.superuserUrl, { connections: 1, name: 'owner' });
    await expect(owner.query('DELETE FROM log.entry')).rejects.toMatchObject({ code: 'CU003' });
    await owner.end();
    expect((await verify()).ok).toBe(true);
  });

  it('to start as a role that could rewrite it', async () => {
    const pool = openPool(database.superuserUrl, { connections: 1, name: 'powerful' });
    const powerful = new Log({ pool, identity: { origin, signer }, verifiers, slices: [counted] });
    await expect(powerful.start()).rejects.toMatchObject({ code: 'role_too_powerful' });
    await pool.end();
  });

  it('to start where commits are not durable', async () => {
    const url = new URL(database.url('custos_service'));
    url.searchParams.set('options', '-c synchronous_commit=off');
    const pool = openPool(url.href, { connections: 1, name: 'careless' });
    const careless = new Log({ pool, identity: { origin, signer }, verifiers, slices: [counted] });
    await expect(careless.start()).rejects.toMatchObject({
      code: 'database_not_durable',
      members: { setting: 'synchronous_commit' },
    });
    await pool.end();
  });

  it('to start on a schema of another version', async () => {
    await asIntruder("INSERT INTO public.custos_migration (version, name, sha256) VALUES (9999, 'x', 'y')");
    await expect(newLog().start()).rejects.toMatchObject({ code: 'schema_mismatch' });
  });

  it('to start on a log whose head was signed by another key', async () => {
    await append([consent()]);
    const other = ed25519Signer(origin, randomBytes(32));
    const stranger = new Log({
      pool: open('custos_service'),
      identity: { origin, signer: other },
      verifiers: [parseVerifierKey(formatVerifierKey(origin, other.publicKey))],
      slices: [counted],
    });
    await expect(stranger.start()).rejects.toMatchObject({ code: 'log_corrupt' });
  });

  it('a command id that was used for another intent', async () => {
    const first = command('the-same-id');
    await log.append(first, () => ({ entries: [consent()], answer: 1 }));
    const other = writeCommand('the-same-id' as CommandId, person, 'another intent');
    await expect(log.append(other, () => ({ entries: [consent()], answer: 2 }))).rejects.toEqual(
      new Problem('command_reused'),
    );
  });

  it('an entry at a stream version that has passed', async () => {
    await append([consent()]);
    const stale: Draft = { ...(consent() as Draft<'consent.changed'>), expectedVersion: 0 };
    await expect(append([stale])).rejects.toBeInstanceOf(VersionConflict);
    await expect(append([{ ...stale, expectedVersion: 1 }])).resolves.toMatchObject({ repeated: false });
  });

  it('to append over a row that the head never handed out', async () => {
    const { rows } = await open('custos_reader').query('SELECT header FROM log.entry WHERE position = 0');
    await asIntruder(
      "INSERT INTO log.entry SELECT 1, 'x', 0, type, at, subject, governs, leaf, $1 FROM log.entry WHERE position = 0",
      [rows[0].header],
    );
    await expect(append([consent()])).rejects.toMatchObject({ code: 'log_corrupt', members: { position: 1 } });
  });
});

describe('an append', () => {
  it('gives gapless positions to many writers on two instances, and one checkpoint a size', async () => {
    const second = newLog();
    await second.start();
    const writes = Array.from({ length: 200 }, (_, index) =>
      append([consent(`subject/${index % 7}`)], index % 2 ? log : second),
    );
    const positions = (await Promise.all(writes)).flatMap((committed) => committed.positions).sort((a, b) => a - b);
    expect(positions).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(await log.refreshed().then((state) => state.of(counted.key))).toBe(200);
    await second.close();
    expect(await verify()).toMatchObject({ ok: true, entries: 201 });
  });

  it('is decided on the state at exactly its position, whatever the other instance wrote just before', async () => {
    const second = newLog();
    await second.start();
    const seen: { size: number; state: number }[] = [];
    const look = (to: Log) =>
      to.append(command(), (head) => {
        seen.push({ size: head.size, state: head.of(counted.key) });
        return { entries: [consent()], answer: null };
      });
    await Promise.all(Array.from({ length: 40 }, (_, index) => look(index % 2 ? log : second)));
    await second.close();
    expect(seen.filter(({ size, state }) => size !== state + 1)).toEqual([]);
  });

  it('sent again gets the first answer and writes nothing, at once or later', async () => {
    const again = command('again-and-again');
    let decided = 0;
    const once = () => log.append(again, () => ({ entries: [consent()], answer: (decided += 1) }));
    const [first, inTheSameGroup] = await Promise.all([once(), once()]);
    const later = await once();
    expect([inTheSameGroup, later].map(({ answer, positions, repeated }) => ({ answer, positions, repeated }))).toEqual(
      Array(2).fill({ answer: first.answer, positions: first.positions, repeated: true }),
    );
    expect(log.size).toBe(2);
  });

  it('that fails to decide takes no position and does not harm its group', async () => {
    const failing = log.append(command(), () => {
      throw new Problem('session_unknown');
    });
    const fine = append([consent()]);
    await expect(failing).rejects.toEqual(new Problem('session_unknown'));
    await expect(fine).resolves.toMatchObject({ positions: [1] });
  });

  it('is refused with a time to come back when too many wait', async () => {
    const writes = Array.from({ length: 5000 }, () =>
      append([consent()]).then(
        () => 'done',
        (error: Problem) => error.code,
      ),
    );
    const ends = await Promise.all(writes);
    const done = ends.filter((end) => end === 'done').length;
    expect(new Set(ends)).toEqual(new Set(['done', 'log_busy']));
    expect(log.size).toBe(1 + done);
  });

  it('has a proof that verifies offline under the signed checkpoint, in every tile', async () => {
    await Promise.all(Array.from({ length: 700 }, () => append([consent()])));
    for (const position of [0, 1, 255, 256, 511, 512, 700]) {
      const { index, proof, checkpoint } = parseTlogProof(await log.tree.proof(position));
      const { size, root } = openCheckpoint(checkpoint, origin, verifiers);
      const leaf = leafHash(await log.reader.header(position));
      expect(verifyInclusion({ leaf, index, size, proof, root })).toBe(true);
      expect(verifyInclusion({ leaf: leafHash(randomBytes(3)), index, size, proof, root })).toBe(false);
    }
  });

  it('stores a header that says what was drafted, and sealed columns beside it', async () => {
    const sealed = new Uint8Array(randomBytes(100));
    const data = {
      session: 'x' as SessionId,
      epoch: randomBytes(16),
      first: 0,
      count: 1,
      from: 1,
      to: 2,
      catalogue: 1,
    };
    await append([
      { type: 'session.batch', stream: 'session/x', subject, data, columns: [{ field: 'typed', sealed }] },
    ]);
    const entry = decodeHeader(await log.reader.header(1));
    expect(entry).toMatchObject({
      type: 'session.batch',
      position: 1,
      version: 0,
      actor: person,
      subject,
      columns: [{ field: 'typed', bytes: 100 }],
    });
    expect(new Uint8Array((await log.bodies.column(entry.position, 'typed')) ?? [])).toEqual(sealed);
    expect(await log.bodies.column(entry.position, 'url')).toBeUndefined();
  });
});

describe('the state', () => {
  it('at a past size is that of exactly these entries', async () => {
    for (let index = 0; index < 5; index += 1) await append([consent()]);
    for (const size of [0, 1, 2, 6]) {
      expect((await log.stateAtSize(size)).of(counted.key)).toBe(Math.max(0, size - 1));
    }
    await expect(log.stateAtSize(7)).rejects.toMatchObject({ code: 'position_unknown' });
  });

  it('is shown on a walk just below and just above each entry of it, also from within a group that one note signs', async () => {
    await append([consent(), consent(), consent()]);
    await append([consent(), consent()]);
    for (const [from, to] of [
      [0, 6],
      [1, 6],
      [2, 5],
      [3, 3],
      [3, 4],
      [5, 6],
    ] as const) {
      const seen: number[] = [];
      const visit: Visit = (before, { position }, after) => {
        expect([before.of(counted.key), after.of(counted.key)]).toEqual([Math.max(0, position - 1), position]);
        seen.push(position);
      };
      const last = await log.walk({ from, to }, { visit, shown: 'all' });
      expect(seen).toEqual(Array.from({ length: to - from }, (_, index) => from + index));
      expect(last.of(counted.key)).toBe(to - 1);
    }
  });

  it('is the same from whichever past one in memory it is folded on, by who wrote the entries and by who read them', async () => {
    for (let index = 0; index < 12; index += 1) await append(Array.from({ length: index % 3 }, () => consent()));
    const { size } = log;
    for (const entriesBetweenStates of [1, 2, 5, 1000]) {
      const other = newLog([counted], { entriesBetweenStates });
      await other.start();
      for (let index = 0; index < 5; index += 1) await append([consent(), consent()], other);
      for (let to = 0; to <= other.size; to += 1) {
        expect((await other.stateAtSize(to)).of(counted.key)).toBe(Math.max(0, to - 1));
        const seen: number[] = [];
        const visit: Visit = (before, { position }) => {
          expect(before.of(counted.key)).toBe(Math.max(0, position - 1));
          seen.push(position);
        };
        await other.walk({ from: Math.max(0, to - 3), to }, { visit, shown: 'all' });
        expect(seen).toEqual([3, 2, 1].map((back) => to - back).filter((position) => position >= 0));
      }
    }
    expect(log.size).toBe(size);
  });

  it('is folded anew from rows alone where nothing in memory shall count', async () => {
    const other = newLog([counted], { entriesBetweenStates: 1 });
    await other.start();
    for (let index = 0; index < 3; index += 1) await append([consent()], other);
    expect((await other.stateAnew(4)).of(counted.key)).toBe(3);
    await asIntruder(`UPDATE log.entry SET header = '\\x00' WHERE position = 1`);
    expect((await other.stateAtSize(4)).of(counted.key)).toBe(3);
    await expect(other.stateAnew(4)).rejects.toMatchObject({ code: 'log_corrupt' });
  });

  it('is the same after a restart', async () => {
    await Promise.all(Array.from({ length: 300 }, () => append([consent()])));
    const restarted = newLog();
    await restarted.start();
    expect(restarted.state.of(counted.key)).toBe(300);
    expect(frontierRoot(appendLeaves(emptyFrontier, await leaves()))).toEqual(
      openCheckpoint((await restarted.reader.head()).checkpoint, origin, verifiers).root,
    );
  });
});

const leaves = async () => (await log.reader.headers(0, 1000)).map(({ header }) => leafHash(header));

describe('verification names the position', () => {
  const tampering: readonly [what: string, sql: string, position: number, check: string][] = [
    ['a changed header', 'UPDATE log.entry SET header = set_byte(header, 20, get_byte(header, 20) # 1) WHERE position = 3', 3, 'header_changed'],
    ['a changed header with its leaf', "UPDATE log.entry SET header = header || '\\x00', leaf = sha256('\\x00' || header || '\\x00') WHERE position = 3", 3, 'header_unreadable'],
    ['a deleted entry', 'DELETE FROM log.entry WHERE position = 3', 3, 'missing'],
    ['a changed type column', "UPDATE log.entry SET type = 'grant.revoked' WHERE position = 3", 3, 'column_differs'],
    ['a changed subject column', 'UPDATE log.entry SET subject = NULL WHERE position = 3', 3, 'column_differs'],
    ['a changed governs column', 'UPDATE log.entry SET governs = false WHERE position = 3', 3, 'column_differs'],
    ['a changed sealed column', 'UPDATE log.body SET sealed = set_byte(sealed, 5, get_byte(sealed, 5) # 1)', 2, 'body_changed'],
    ['a deleted sealed column', 'DELETE FROM log.body', 2, 'body_missing'],
    ['an added sealed column', "INSERT INTO log.body VALUES (3, 'url', 'x')", 3, 'body_unlisted'],
    ['a checkpoint of another key', "UPDATE log.checkpoint SET note = replace(note, '— ', '— x') WHERE size = 4", 3, 'checkpoint_forged'],
    ['an entry above the head', "INSERT INTO log.entry SELECT 6, 'x', 0, type, at, subject, governs, leaf, header FROM log.entry WHERE position = 3", 6, 'not_in_the_log'],
    ['a truncated log with a head put back', "DELETE FROM log.entry WHERE position = 5; UPDATE log.head SET size = 5", 5, 'truncated'],
  ]; // prettier-ignore

  it.each(tampering)('of %s', async (_what, sql, position, check) => {
    await append([consent()]);
    const data = {
      session: 'x' as SessionId,
      epoch: randomBytes(16),
      first: 0,
      count: 1,
      from: 1,
      to: 2,
      catalogue: 1,
    };
    const sealed = new Uint8Array(randomBytes(50));
    await append([
      { type: 'session.batch', stream: 'session/x', subject, data, columns: [{ field: 'typed', sealed }] },
    ]);
    for (let index = 0; index < 3; index += 1) await append([consent()]);
    expect(await verify()).toMatchObject({ ok: true, problems: [] });
    await asIntruder(sql);
    const { ok, problems } = await verify();
    expect(ok).toBe(false);
    expect(problems[0]?.position).toBe(position);
    expect(problems).toContainEqual({ position, check });
  });

  it('of a changed tile', async () => {
    await Promise.all(Array.from({ length: 300 }, () => append([consent()])));
    await asIntruder('UPDATE log.tile SET hashes = set_byte(hashes, 7 * 32, get_byte(hashes, 7 * 32) # 1)');
    expect((await verify()).problems).toEqual([{ position: 7, check: 'tile_differs' }]);
  });

  it('of the first entry that is dated in the future, and of one that is older than the one before it', async () => {
    await append([consent()]);
    await asIntruder('UPDATE log.head SET at = at + 86400000');
    for (let index = 0; index < 3; index += 1) await append([consent()]);
    expect((await verify()).problems).toEqual([{ position: 2, check: 'time_ahead' }]);
    await asIntruder('UPDATE log.head SET at = 0');
    await append([consent()]);
    expect((await verify()).problems).toEqual([
      { position: 2, check: 'time_ahead' },
      { position: 5, check: 'time_reversed' },
    ]);
  });

  it('and a service that is running refuses to go on when another instance meets a changed row', async () => {
    await append([consent()]);
    await asIntruder('UPDATE log.entry SET header = set_byte(header, 20, get_byte(header, 20) # 1) WHERE position = 1');
    await expect(newLog().start()).rejects.toMatchObject({ code: 'log_corrupt', members: { position: 1 } });
  });
});
