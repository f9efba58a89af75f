import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { prepareAnotherCustos } from '../../test/postgres/another-custos.js';
import { removeFolder, temporaryFolder } from '../../test/postgres/temporary-folder.js';
import { startEmbeddedPostgres, type RunningPostgres } from './embedded-postgres.js';
import { isAlive, readPostmaster } from './embedded-postgres-postmaster.js';

let folder: string;
let dir: string; // initialised once; each test starts and ends its own servers on it
let another: Awaited<ReturnType<typeof prepareAnotherCustos>>;
const running: RunningPostgres[] = [];
const asRoot = process.getuid?.() === 0 ? it : it.skip;
const onLinux = process.platform === 'linux' ? it : it.skip;
const asRootOnLinux = process.platform === 'linux' ? asRoot : it.skip;

const start = async (options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}) => {
  const server = await startEmbeddedPostgres({ dir, ...options });
  running.push(server);
  return server;
};
const query = async (url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, values)).rows;
  } finally {
    await client.end();
  }
};
/** Waits until the query finds a row: bounded, so that a failing test ends. */
const shows = async ({ superuserUrl }: RunningPostgres, sql: string): Promise<void> => {
  for (let tries = 0; tries < 500; tries += 1) {
    if ((await query(superuserUrl, sql).catch(() => [])).length > 0) return;
    await sleep(20);
  }
  throw new Error('what the test waits for did not come');
};
const logged = () => readFile(join(folder, 'postgres.log'), 'utf8');
const spawnedBy = async (of: string, command: string, ...args: string[]) => {
  const { uid, gid } = await stat(of);
  return spawn(command, args, { stdio: 'ignore', ...(process.getuid?.() === 0 ? { uid, gid } : {}) });
};

beforeAll(async () => {
  folder = await temporaryFolder();
  dir = join(folder, 'postgres');
  another = await prepareAnotherCustos();
  const server = await startEmbeddedPostgres({ dir });
  await query(server.superuserUrl, 'CREATE TABLE kept (note text UNIQUE)');
  await server.stop();
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});
afterAll(async () => {
  await removeFolder(folder);
  await removeFolder(another.folder);
});

describe('the embedded PostgreSQL does not start', () => {
  it('on a data folder that another process holds, and leaves its server alone', async () => {
    const holder = await another.start(dir);
    try {
      await expect(start()).rejects.toMatchObject({ code: 'data_in_use' });
      expect(await query(holder.superuserUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect((await readPostmaster(dir))?.pid).toBe(holder.postgresPid);
    } finally {
      await holder.kill();
    }
  });

  it('twice, when two start at once', async () => {
    const outcomes = await Promise.allSettled([start(), start(), start()]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'data_in_use' });
    }
    expect(await query(running[0]?.superuserUrl ?? '', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('on a folder with other files, and leaves them there', async () => {
    const other = join(folder, 'other');
    await mkdir(other);
    await writeFile(join(other, 'thesis.txt'), 'mine');
    await expect(start({ dir: other })).rejects.toThrow('holds other files');
    expect(await readdir(other)).toEqual(['thesis.txt']);
  });

  it.each(['fsync', 'FSYNC', 'full_page_writes', 'synchronous_commit', 'listen_addresses', 'log_min_messages'])(
    'with another %s than ours',
    (name) => expect(start({ settings: { [name]: 'off' } })).rejects.toThrow('firm'),
  );

  it('without the password that its folder was made with', () =>
    expect(start({ passwordFile: join(folder, 'none') })).rejects.toThrow('password cannot be read'));
});

describe('the embedded PostgreSQL lets nobody in', () => {
  it.each([
    ['without a password', ''],
    ['with a wrong password', 'guessed'],
  ])('%s', async (_, password) => {
    const server = await start();
    const url = server.url('postgres', password, 'postgres');
    await expect(query(url, 'SELECT 1')).rejects.toThrow(/password/);
  });
});

describe('the log of the embedded PostgreSQL shows no value and no statement', () => {
  const canary = 'canary-7f3a9c';

  it.each([
    ['whose parameter cannot be cast', 'SELECT $1::text::integer', [canary]],
    ['with a literal that cannot be cast', `SELECT '${canary}'::integer`, []],
    ['that is not SQL', `SELEKT '${canary}'`, []],
    ['that breaks a constraint', 'INSERT INTO kept VALUES ($1), ($1)', [canary]],
    ['that raises a warning', `DO $$ BEGIN RAISE WARNING '${canary}'; RAISE EXCEPTION '${canary}'; END $$`, []],
  ])('of a statement %s', async (_, sql, values) => {
    const server = await start();
    await expect(query(server.superuserUrl, sql, values)).rejects.toThrow();
    await server.stop();
    expect(await logged()).not.toContain(canary);
    expect(await logged()).toContain('database system is shut down'); // we did look into the right file
  });

  it('of a statement whose backend was killed; and the server goes on, and its folder stays held', async () => {
    const server = await start();
    const client = new pg.Client({ connectionString: server.superuserUrl });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const cut = expect(client.query(`SELECT '${canary}', pg_sleep(60)`)).rejects.toThrow();
    const sleeping = `SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'`;
    await shows(server, sleeping);
    process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
    await cut;
    const held = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 7101 AND granted`;
    await shows(server, held);
    await expect(startEmbeddedPostgres({ dir })).rejects.toMatchObject({ code: 'data_in_use' });
    expect(await logged()).toContain('was terminated by signal 9');
    expect(await logged()).not.toContain(canary);
  });
});

describe('the embedded PostgreSQL', () => {
  it('writes durably, in UTF8, with checksums, and listens on this machine only', async () => {
    const { superuserUrl } = await start();
    const names = ['fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums', 'server_encoding'];
    const shown = names.map((name) => `current_setting('${name}') AS ${name}`).join();
    expect(await query(superuserUrl, `SELECT ${shown}, current_setting('listen_addresses') AS address`)).toEqual([
      {
        fsync: 'on',
        full_page_writes: 'on',
        synchronous_commit: 'on',
        data_checksums: 'on',
        server_encoding: 'UTF8',
        address: '127.0.0.1',
      },
    ]);
  });

  asRoot('runs as another user than root, in a folder of that user alone', async () => {
    const { pid } = await start();
    const { uid, mode } = await stat(dir);
    expect(uid).not.toBe(0);
    expect(mode & 0o777).toBe(0o700);
    if (process.platform === 'linux') expect((await stat(`/proc/${pid}`)).uid).toBe(uid);
  });

  onLinux('is a process group of its own, which Ctrl-C in a terminal does not reach', async () => {
    const { pid } = await start();
    const [, , group] = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
    expect(Number(group)).toBe(pid);
  });

  it('makes its folder where there is none, past what a killed initdb left', async () => {
    const fresh = join(folder, 'fresh', 'postgres');
    const dead = await spawnedBy(folder, 'true');
    await once(dead, 'exit');
    await mkdir(`${fresh}.new-${dead.pid}/base`, { recursive: true });
    await start({ dir: fresh });
    expect((await readdir(join(folder, 'fresh'))).sort()).toEqual(['postgres', 'postgres.log', 'postgres.password']);
    expect((await stat(join(folder, 'fresh', 'postgres.password'))).mode & 0o777).toBe(0o600);
  });

  asRootOnLinux('works in a folder that its user cannot enter', async () => {
    const closed = join(folder, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o700);
    const first = await start({ dir: join(closed, 'postgres') });
    await query(first.superuserUrl, 'CREATE TABLE here ()');
    await first.stop();
    const second = await start({ dir: join(closed, 'postgres') });
    expect(await query(second.superuserUrl, 'SELECT FROM here')).toEqual([]);
    await expect(startEmbeddedPostgres({ dir: join(closed, 'postgres') })).rejects.toMatchObject({
      code: 'data_in_use',
    });
  });

  it('keeps what was committed when it is stopped, and tells nobody that it ended', async () => {
    const lost = jest.fn();
    const first = await start();
    first.onExit(lost);
    await query(first.superuserUrl, `INSERT INTO kept VALUES ('stopped')`);
    await first.stop();
    await first.stop();
    expect(lost).not.toHaveBeenCalled();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start();
    expect(await query(second.superuserUrl, `SELECT note FROM kept WHERE note = 'stopped'`)).toHaveLength(1);
  });

  it('keeps what was committed when it is killed, and says that it ended', async () => {
    const first = await start();
    const lost = new Promise<void>((done) => first.onExit(done));
    await query(first.superuserUrl, `INSERT INTO kept VALUES ('killed')`);
    process.kill(first.pid, 'SIGKILL');
    await lost;
    await first.stop();
    const second = await start();
    expect(await query(second.superuserUrl, `SELECT note FROM kept WHERE note = 'killed'`)).toHaveLength(1);
  });

  it('takes the folder over from a Custos that was killed, whose server lives on', async () => {
    const orphaned = await another.start(dir);
    await query(orphaned.superuserUrl, `INSERT INTO kept VALUES ('orphaned')`);
    await orphaned.kill();
    expect(isAlive(orphaned.postgresPid)).toBe(true);
    const server = await start();
    expect(server.pid).not.toBe(orphaned.postgresPid);
    expect(await query(server.superuserUrl, `SELECT note FROM kept WHERE note = 'orphaned'`)).toHaveLength(1);
  });

  it('starts where the pid that a dead server left belongs to another process by now', async () => {
    const first = await start();
    const lost = new Promise<void>((done) => first.onExit(done));
    process.kill(first.pid, 'SIGKILL');
    await lost;
    const bystander = await spawnedBy(dir, 'sleep', '60');
    const file = join(dir, 'postmaster.pid');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^\d+/, String(bystander.pid)));
    await start();
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    bystander.kill();
  });
});
