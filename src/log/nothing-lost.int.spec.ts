import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import { openCheckpoint, signCheckpoint } from '../merkle/checkpoint.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { CheckpointFile } from './checkpoint-file.js';
import type { CheckpointKeeper } from './checkpoint-keeper.js';
import { openPool } from './database.js';
import { decodeHeader } from './header.js';
import type { CommandId, PersonId, SubjectId } from './ids.js';
import { Log } from './log.js';
import { rememberCheckpoints } from './remember-checkpoints.js';
import { writeCommand } from './write-command.js';

const origin = 'custos.example/test';
const signer = ed25519Signer(origin, randomBytes(32));
const verifiers = [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))];
const reason = 'the disk of the primary broke';

let database: TestDatabase;
let pool: pg.Pool;
let folder: string;
let file: string;
let logs: Log[];
beforeEach(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url('custos_service'), { connections: 4, name: 'test' });
  folder = await mkdtemp(join(tmpdir(), 'custos-keeper-'));
  file = join(folder, 'checkpoint');
  logs = [];
});
afterEach(async () => {
  for (const log of logs) await log.close();
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

const keeperOf = (path = file) => new CheckpointFile(path, { origin, verifiers });
function logWith(keeper?: CheckpointKeeper): Log {
  const log = new Log({
    pool,
    identity: { origin, signer },
    verifiers,
    slices: [],
    ...(keeper === undefined ? {} : { keeper }),
  });
  logs.push(log);
  return log;
}
const consent = {
  type: 'consent.changed',
  stream: 'subject/s1',
  subject: 's1' as SubjectId,
  data: { consent: 'given' },
} as const;
async function append(log: Log, count: number): Promise<void> {
  await log.append(writeCommand(randomUUID() as CommandId, 'tester' as PersonId, ''), () => ({
    entries: Array.from({ length: count }, () => consent),
    answer: null,
  }));
}
/** A start, some entries, and an end that remembers them, as a service does it. */
async function live(count: number): Promise<Log> {
  const log = logWith(keeperOf());
  await log.start();
  await append(log, count);
  await rememberCheckpoints(keeperOf(), () => log.checkpoint).close();
  return log;
}
const starting = (keeper: CheckpointKeeper = keeperOf()) => logWith(keeper).start();
const saved = () => Promise.resolve(file).then((path) => readFile(path, 'utf8'));

/** What a superuser can do, with every trigger off. */
async function asIntruder(...statements: readonly (readonly [sql: string, ...values: unknown[]])[]): Promise<void> {
  const intruder = openPool(database.superuserUrl, { connections: 1, name: 'intruder' });
  try {
    await intruder.query('SET session_replication_role = replica');
    for (const [sql, ...values] of statements) await intruder.query(sql, values);
  } finally {
    await intruder.end();
  }
}

/** A backup of now; putting it back is what a restore does. */
async function backup(): Promise<() => Promise<void>> {
  const { rows } = await pool.query('SELECT size, at, frontier, checkpoint FROM log.head');
  const { size, at, frontier, checkpoint } = rows[0];
  return () =>
    asIntruder(
      ['DELETE FROM log.entry WHERE position >= $1', size],
      ['DELETE FROM log.command WHERE first >= $1', size],
      ['DELETE FROM log.checkpoint WHERE size > $1', size],
      ['DELETE FROM log.tile'],
      ['UPDATE log.head SET size = $1, at = $2, frontier = $3, checkpoint = $4', size, at, frontier, checkpoint],
    );
}

describe('a log does not start', () => {
  it('on an older backup, though it is whole and validly signed; the sizes are named', async () => {
    const log = await live(3);
    const restore = await backup();
    await append(log, 5);
    await keeperOf().keep(log.checkpoint);
    await restore();
    await expect(starting()).rejects.toMatchObject({ code: 'log_rolled_back', members: { kept: 9, size: 4, file } });
    // Nothing was written, and without the memory it would have passed.
    expect((await pool.query('SELECT size FROM log.head')).rows).toEqual([{ size: 4 }]);
    await expect(logWith().start()).resolves.toMatchObject({ size: 4 });
  });

  it('on one entry less than it had', async () => {
    const log = await live(3);
    const restore = await backup();
    await append(log, 1);
    await keeperOf().keep(log.checkpoint);
    await restore();
    await expect(starting()).rejects.toMatchObject({ code: 'log_rolled_back', members: { kept: 5, size: 4 } });
  });

  it('on an empty database, and does not open a new log in it', async () => {
    const restore = await backup();
    await live(3);
    await restore();
    await expect(starting()).rejects.toMatchObject({ code: 'log_rolled_back', members: { kept: 4, size: 0 } });
    expect((await pool.query('SELECT count(*)::int AS n FROM log.entry')).rows).toEqual([{ n: 0 }]);
  });

  it('where another copy went on: of the same size, longer, and much longer', async () => {
    const log = await live(3);
    const restore = await backup();
    await append(log, 5);
    await keeperOf().keep(log.checkpoint);
    await restore();
    const other = logWith();
    await other.start();
    for (const [more, size] of [
      [5, 9],
      [1, 10],
      [300, 310],
    ] as const) {
      // prettier-ignore
      await append(other, more);
      await expect(starting()).rejects.toMatchObject({ code: 'log_forked', members: { kept: 9, size } });
    }
  });

  it('on a truncated table under a head that was left', async () => {
    await live(3);
    await asIntruder(['DELETE FROM log.entry WHERE position >= 2']);
    await expect(starting()).rejects.toMatchObject({ code: 'log_corrupt', members: { position: 2 } });
  });

  it.each([
    ['no note', () => 'nonsense'],
    ['a note of another key', () => signed({ size: 2 }, ed25519Signer(origin, randomBytes(32)))],
    ['a note of another log', () => signed({ size: 2, origin: 'custos.example/other' }, signer)],
    ['nothing', () => ''],
  ])('where the memory holds %s', async (_what, text) => {
    await live(3);
    await writeFile(file, text());
    await expect(starting()).rejects.toMatchObject({ code: 'checkpoint_file_unusable', members: { file } });
  });

  it('where the memory can be neither read nor written', async () => {
    await expect(starting(keeperOf(folder))).rejects.toMatchObject({ code: 'checkpoint_file_unusable' });
    const nowhere = join(folder, 'no/such/folder');
    await expect(starting(keeperOf(nowhere))).rejects.toMatchObject({ code: 'checkpoint_file_unusable' });
  });
});

const signed = (of: { size: number; origin?: string }, by: typeof signer) =>
  signCheckpoint({ origin, root: randomBytes(32), ...of }, by);

describe('a running service', () => {
  it('does not append to a log that was put back under it', async () => {
    const log = await live(3);
    const restore = await backup();
    await append(log, 5);
    await restore();
    await expect(append(log, 1)).rejects.toMatchObject({ code: 'log_rolled_back', members: { kept: 9, size: 4 } });
    expect((await pool.query('SELECT size FROM log.head')).rows).toEqual([{ size: 4 }]);
  });
});

describe('a log starts', () => {
  it('the first time, and again on what it had, and more', async () => {
    await live(3);
    await expect(starting()).resolves.toMatchObject({ size: 4 });
    const other = logWith();
    await other.start();
    await append(other, 600);
    await expect(starting()).resolves.toMatchObject({ size: 604 });
    expect(openCheckpoint(await saved(), origin, verifiers).size).toBe(604);
  });

  it('with a damaged tile, which is no fork: verification names it', async () => {
    const log = await live(299);
    await append(log, 300);
    await asIntruder(["UPDATE log.tile SET hashes = set_byte(hashes, 7, get_byte(hashes, 7) # 1)"]); // prettier-ignore
    await expect(starting()).resolves.toMatchObject({ size: 600 });
    await asIntruder(['DELETE FROM log.tile']);
    await expect(starting()).resolves.toMatchObject({ size: 600 });
  });

  it('with half a memory left by a crash: the old one counts', async () => {
    await live(3);
    await writeFile(`${file}.new`, 'custos.exam');
    await expect(starting()).resolves.toMatchObject({ size: 4 });
  });
});

describe('a loss that an operator accepted', () => {
  /** Nine entries, of which five are lost. */
  async function rolledBack() {
    const log = await live(3);
    const restore = await backup();
    await append(log, 5);
    await keeperOf().keep(log.checkpoint);
    await restore();
  }
  async function accept() {
    const lost = await keeperOf().last();
    if (lost === undefined) throw new Error('nothing was kept');
    await keeperOf().accept({ lost, reason });
    return lost;
  }

  it('is an entry of the log, with the lost checkpoint in it, before anything else', async () => {
    await rolledBack();
    const lost = await accept();
    await expect(starting()).resolves.toMatchObject({ size: 6 });
    const { type, data } = decodeHeader(await logs[0]!.reader.header(4));
    expect({ type, data }).toEqual({
      type: 'log.rolled_back',
      data: { kept: 9, found: 4, checkpoint: lost.note, reason },
    });
    expect(openCheckpoint(await saved(), origin, verifiers).size).toBe(6);
    await expect(starting()).resolves.toMatchObject({ size: 6 });
  });

  it('locks everything in the same moment: what had been erased or revoked is not known any more', async () => {
    await rolledBack();
    await accept();
    await starting();
    const { type, data } = decodeHeader(await logs[0]!.reader.header(5));
    expect({ type, data }).toMatchObject({ type: 'lock.set', data: { target: { kind: 'all' } } });
  });

  it('is recorded where another copy went on as well', async () => {
    await rolledBack();
    const other = logWith();
    await other.start();
    await append(other, 20);
    await accept();
    await expect(starting()).resolves.toMatchObject({ size: 26 });
    expect(decodeHeader(await other.reader.header(24)).data).toMatchObject({ kept: 9, found: 24 });
  });

  it('is recorded once, though the process died before it remembered that', async () => {
    await rolledBack();
    await accept();
    const forgetful = Object.assign(Object.create(keeperOf()) as CheckpointFile, {
      startOverFrom: () => Promise.reject(new Error('killed')),
    });
    await expect(starting(forgetful)).rejects.toThrow('killed');
    await expect(starting()).resolves.toMatchObject({ size: 6 });
  });

  it('is that one and no other', async () => {
    await rolledBack();
    await accept();
    const log = logWith(keeperOf());
    await log.start();
    const restore = await backup();
    await append(log, 1);
    await keeperOf().keep(log.checkpoint);
    await restore();
    await expect(starting()).rejects.toMatchObject({ code: 'log_rolled_back', members: { kept: 7, size: 6 } });
  });

  it('was accepted for another checkpoint, and says nothing of this one', async () => {
    await rolledBack();
    const lost = { size: 8, root: randomBytes(32), note: signed({ size: 8 }, signer) };
    await keeperOf().accept({ lost, reason });
    await expect(starting()).rejects.toMatchObject({ code: 'log_rolled_back' });
  });
});

describe('what others hold of a log', () => {
  /** As they hold it: a note that the log signed. */
  const held = (log: Log) => ({ ...openCheckpoint(log.checkpoint, origin, verifiers), note: log.checkpoint });
  const startingWith = (elsewhere: readonly ReturnType<typeof held>[], path = file) => {
    const log = new Log({
      pool,
      identity: { origin, signer },
      verifiers,
      slices: [],
      keeper: keeperOf(path),
      elsewhere,
    });
    logs.push(log);
    return log.start();
  };

  it('is enough to refuse an older backup whose own memory was put back with it, and is remembered from then on', async () => {
    const log = await live(3);
    const restore = await backup();
    await append(log, 5);
    const theirs = held(log);
    await restore();
    const refused = { code: 'log_rolled_back', members: { kept: 9, size: 4, file } };
    await expect(startingWith([theirs])).rejects.toMatchObject(refused);
    // Though nobody can be asked any more.
    await expect(starting()).rejects.toMatchObject(refused);
  });

  it('is no less where the memory is gone altogether, or the database is empty', async () => {
    const restore = await backup();
    const log = await live(3);
    const theirs = held(log);
    await restore();
    await expect(startingWith([theirs], join(folder, 'fresh'))).rejects.toMatchObject({
      code: 'log_rolled_back',
      members: { kept: 4, size: 0 },
    });
  });

  it('must be continued by every one of them, whichever is larger', async () => {
    const log = await live(3);
    const restore = await backup();
    await append(log, 5);
    const fork = held(log);
    await restore();
    const other = logWith();
    await other.start();
    await append(other, 20);
    const right = held(other);
    await expect(startingWith([right])).resolves.toMatchObject({ size: 24 });
    for (const theirs of [[fork], [right, fork], [fork, right]]) {
      await expect(startingWith(theirs)).rejects.toMatchObject({ code: 'log_forked', members: { kept: 9, size: 24 } });
    }
  });

  it('is let go, for good, once an operator has accepted that it is lost', async () => {
    const log = await live(3);
    const restore = await backup();
    await append(log, 2);
    const earlier = held(log);
    await append(log, 3);
    const theirs = [earlier, held(log)];
    await restore();
    await expect(startingWith(theirs)).rejects.toMatchObject({ members: { kept: 9 } });
    const lost = await keeperOf().last();
    if (lost === undefined) throw new Error('nothing was kept');
    await keeperOf().accept({ lost, reason });
    await expect(startingWith(theirs)).resolves.toMatchObject({ size: 6 });
    await expect(startingWith(theirs)).resolves.toMatchObject({ size: 6 });
    await append(logs.at(-1) as Log, 50);
    await expect(startingWith(theirs)).resolves.toMatchObject({ size: 56 });
    expect(await (logs.at(-1) as Log).accountsFor(earlier)).toBe(true);
    // What it had before is not given up with it.
    const forged = { origin, size: 3, root: randomBytes(32), note: '' };
    forged.note = signCheckpoint({ origin, size: 3, root: forged.root }, signer);
    await expect(startingWith([forged])).rejects.toMatchObject({ code: 'log_forked', members: { kept: 3 } });
  });

  it('is nothing to worry about where it is what the log has, or less', async () => {
    const log = await live(3);
    const theirs = [held(log)];
    await append(log, 300);
    theirs.push(held(log));
    await expect(startingWith(theirs)).resolves.toMatchObject({ size: 304 });
    await expect(startingWith([])).resolves.toMatchObject({ size: 304 });
  });
});
