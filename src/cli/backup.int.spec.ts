import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import pg from 'pg';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import { origin, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { readBackup, writeBackup, type BackupManifest } from '../log/backup.js';
import type { SubjectId } from '../log/ids.js';
import { logTables, restoreLog } from '../log/restore-log.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { keyTables, restoreKeys } from '../keys/restore-keys.js';

const canary = 'canary-3f8b';
let vault: VaultInProcess;
let folder: string;
let target: TestDatabase | undefined;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  folder = await mkdtemp(join(tmpdir(), 'custos-backup-'));
  await vault.ingest('one', 's1', typedRecords(5, canary));
  await vault.ingest('two', 's2', typedRecords(5, canary));
});
afterEach(async () => {
  await vault.stop();
  await target?.drop();
  target = undefined;
  await rm(folder, { recursive: true });
});

async function using<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
const dir = (name: string) => join(folder, name);
const backUpLog = (name = 'log') =>
  using(vault.database.url('custos_reader'), (client) => writeBackup(client, 'log', logTables, dir(name)));
const backUpKeys = (name = 'keys') =>
  using(vault.database.url('custos_keyholder'), (client) => writeBackup(client, 'keys', keyTables, dir(name)));
const trusted = (log = vault.trust.log) => ({ origin, verifiers: [parseVerifierKey(log)] });
const restore = async (names: readonly string[], into: TestDatabase) => {
  for (const name of names) {
    const manifest = await readBackup(dir(name));
    await using(into.superuserUrl, (client) =>
      manifest.of === 'log'
        ? restoreLog(client, dir(name), manifest, trusted())
        : restoreKeys(client, dir(name), manifest),
    );
  }
};
/** An empty database that goes with this test. */
const emptyDatabase = async () => (target = await cloneDatabase());
/** The vault lives there from now on, and drops it. */
async function moveTo(names: readonly string[]): Promise<number> {
  const database = await cloneDatabase();
  await restore(names, database);
  return vault.moveTo(database);
}
const rowsOf = (database: TestDatabase, table: string) =>
  using(database.superuserUrl, async (client) => (await client.query(`SELECT * FROM ${table} ORDER BY 1, 2`)).rows);
const sizeOf = async (database: TestDatabase) => Number((await rowsOf2(database))[0]?.size);
const rowsOf2 = (database: TestDatabase) =>
  using(database.superuserUrl, async (client) => (await client.query('SELECT size FROM log.head')).rows);

describe('what was backed up', () => {
  it('comes back row by row, verifies, opens under its grants, and is gone on with', async () => {
    const grant = await vault.grant('one', ['typed']);
    await backUpLog();
    await backUpKeys();
    const before = await Promise.all([...logTables, ...keyTables].map((table) => rowsOf(vault.database, table)));
    await vault.ingest('late', 's1', typedRecords(1));

    const database = await emptyDatabase();
    await restore(['log', 'keys'], database);
    expect(await Promise.all([...logTables, ...keyTables].map((table) => rowsOf(database, table)))).toEqual(before);

    expect(await moveTo(['log', 'keys'])).toBe(0);
    expect(await vault.verify()).toMatchObject({ ok: true, problems: [] });
    const { records } = await vault.read(grant, 'one');
    expect(JSON.stringify(records[0])).toContain(canary);
    expect(await vault.ingest('after', 's2', typedRecords(2))).toMatchObject({ accepted: 2 });
    expect(await vault.verify()).toMatchObject({ ok: true, problems: [] });
  });

  it('is one moment of the log, whoever appends meanwhile', async () => {
    let stop = false;
    const writing = (async () => {
      for (let index = 0; !stop; index += 1) await vault.ingest(`busy-${index}`, 's1', typedRecords(1));
    })();
    const { size } = await backUpLog();
    stop = true;
    await writing;
    expect(vault.log.size).toBeGreaterThan(size);
    await backUpKeys();
    await moveTo(['log', 'keys']);
    expect(await vault.verify()).toMatchObject({ ok: true, entries: size });
  });

  it('holds nothing that was captured, and of the keys only what the root key wraps', async () => {
    await backUpLog();
    await backUpKeys();
    const wrapped = (await vault.asIntruder('SELECT wrapped FROM keys.subject_key')).rows as { wrapped: Buffer }[];
    const contents: Record<string, Buffer> = {};
    for (const name of ['log', 'keys']) {
      for (const file of await readdir(dir(name))) {
        const bytes = await readFile(join(dir(name), file));
        contents[`${name}/${file}`] = file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
      }
    }
    const holding = (bytes: Buffer | string) =>
      Object.entries(contents).flatMap(([name, content]) => (content.includes(bytes) ? [name] : []));
    expect(holding(canary)).toEqual([]);
    expect(holding(Buffer.from(vault.rootKey.bytes))).toEqual([]);
    expect(wrapped).toHaveLength(2);
    for (const { wrapped: key } of wrapped) expect(holding(key)).toEqual(['keys/keys.subject_key.copy.gz']);
  });

  it('is never less than there is: rows that the database hides are an error, and no folder', async () => {
    await vault.asIntruder('ALTER TABLE keys.subject_key ENABLE ROW LEVEL SECURITY');
    await expect(backUpKeys()).rejects.toMatchObject({ code: '42501' });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('erased', () => {
  it('stays erased, though the backup of the keys is from before: they are destroyed before anything opens', async () => {
    const [grant, other] = [await vault.grant('one', ['typed']), await vault.grant('two', ['typed'])];
    await backUpKeys();
    const { position } = await vault.erase('s1');
    await backUpLog();
    expect(await moveTo(['log', 'keys'])).toBe(1);
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'subject_erased', members: { position } });
    expect((await vault.read(other, 'two')).records).toHaveLength(5);
    expect(await vault.verify()).toMatchObject({ ok: true, problems: [] });
  });
});

describe('keys that are older than the log', () => {
  it('are missing those of whoever came since: that is said, and ends once they are erased', async () => {
    await backUpKeys();
    await vault.ingest('late', 's3', typedRecords(5));
    const grant = await vault.grant('one', ['typed']);
    await backUpLog();
    await moveTo(['log', 'keys']);
    expect(await vault.keyholder.status()).toMatchObject({ lostKeys: 1, erasedKeysLeft: 0 });
    expect((await vault.read(grant, 'one')).records).toHaveLength(5);
    await expect(vault.keyholder.register('s3' as SubjectId)).rejects.toMatchObject({ code: 'key_unknown' });
    await vault.erase('s3');
    expect(await vault.keyholder.status()).toMatchObject({ lostKeys: 0, erasedKeysLeft: 0 });
    expect(await vault.ingest('after', 's3', typedRecords(3))).toMatchObject({ suppressed: 3, accepted: 0 });
  });
});

const schemas = (url: string) =>
  using(url, async (client) => {
    const { rows } = await client.query("SELECT nspname FROM pg_namespace WHERE nspname IN ('log', 'keys')");
    return rows;
  });
/** Something in the manifest of the log's backup. */
async function change(how: (manifest: BackupManifest) => Partial<BackupManifest>): Promise<void> {
  const path = join(dir('log'), 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as BackupManifest;
  await writeFile(path, JSON.stringify({ ...manifest, ...how(manifest) }));
}

describe('nothing is written', () => {
  const refused = async (code: string, names: readonly string[] = ['log']) => {
    const database = await emptyDatabase();
    await expect(restore(names, database)).rejects.toMatchObject({ code });
    expect(await sizeOf(database)).toBe(0);
    for (const table of [...logTables, ...keyTables]) expect(await rowsOf(database, table)).toEqual([]);
  };

  it.each(['manifest.json', ...logTables.map((table) => `${table}.copy.gz`)])(
    'of a backup whose %s is damaged',
    async (file) => {
      await backUpLog();
      const path = join(dir('log'), file);
      const bytes = await readFile(path);
      bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] as number) ^ 128;
      await writeFile(path, bytes);
      await refused('backup_unusable');
    },
  );

  it('of a backup with a file missing', async () => {
    await backUpLog();
    await rm(join(dir('log'), 'log.body.copy.gz'));
    await refused('backup_unusable');
  });

  it.each<[what: string, change: (manifest: BackupManifest) => Partial<BackupManifest>, code: string]>([
    ['a table too few', ({ files }) => ({ files: files.slice(1) }), 'backup_unusable'],
    ['a table of somebody else', ({ files }) => ({ files: files.map((file) => ({ ...file, table: 'log.head' })) }), 'backup_unusable'],
    ['a size that its checkpoint does not sign', ({ size }) => ({ size: size + 1 }), 'backup_unusable'],
    ['another schema', ({ schema }) => ({ schema: schema.slice(1) }), 'schema_mismatch'],
  ])('of a backup with %s', async (_what, how, code) => {
    await backUpLog();
    await change(how);
    await refused(code);
  }); // prettier-ignore

  it("of another log's backup", async () => {
    await backUpLog();
    const manifest = await readBackup(dir('log'));
    const database = await emptyDatabase();
    const other = trusted(formatVerifierKey(origin, ed25519Signer(origin, new Uint8Array(32)).publicKey));
    await using(database.superuserUrl, (client) =>
      expect(restoreLog(client, dir('log'), manifest, other)).rejects.toMatchObject({ code: 'backup_unusable' }),
    );
    expect(await sizeOf(database)).toBe(0);
  });

  it('of a backup whose rows fit no table, though its hash is right', async () => {
    await backUpLog();
    const path = join(dir('log'), 'log.checkpoint.copy.gz');
    const rows = gunzipSync(await readFile(path));
    const cut = gzipSync(rows.subarray(0, rows.length - 20));
    await writeFile(path, cut);
    const sha256 = createHash('sha256').update(cut).digest('hex');
    await change(({ files }) => ({
      files: files.map((file) => (file.table === 'log.checkpoint' ? { ...file, sha256 } : file)),
    }));
    const database = await emptyDatabase();
    await expect(restore(['log'], database)).rejects.toThrow();
    expect(await sizeOf(database)).toBe(0);
    expect(await rowsOf(database, 'log.entry')).toEqual([]);
  });

  it('into a database that holds a log, or keys', async () => {
    await backUpLog();
    await backUpKeys();
    const held = await sizeOf(vault.database);
    await expect(restore(['log'], vault.database)).rejects.toMatchObject({ code: 'restore_not_empty' });
    await expect(restore(['keys'], vault.database)).rejects.toMatchObject({ code: 'restore_not_empty' });
    expect(await sizeOf(vault.database)).toBe(held);
  });

  it('over a folder that is there already, and nothing is left of an attempt that failed', async () => {
    await backUpLog();
    await expect(backUpLog()).rejects.toMatchObject({ code: 'backup_exists' });
    await expect(
      using(vault.database.url('custos_reader'), (client) => writeBackup(client, 'keys', keyTables, dir('refused'))),
    ).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['log']);
  });
});

describe('what somebody changed inside a backup', () => {
  it('is restored, since its hashes were changed as well, and found by verification', async () => {
    await backUpLog();
    const path = join(dir('log'), 'log.entry.copy.gz');
    const rows = gunzipSync(await readFile(path));
    const at = rows.indexOf('session.opened', rows.indexOf('session.opened') + 1);
    rows[at] = 'S'.charCodeAt(0);
    const changed = gzipSync(rows);
    await writeFile(path, changed);
    const manifest = JSON.parse(await readFile(join(dir('log'), 'manifest.json'), 'utf8')) as BackupManifest;
    const sha256 = createHash('sha256').update(changed).digest('hex');
    const files = manifest.files.map((file) => (file.table === 'log.entry' ? { ...file, sha256 } : file));
    await writeFile(join(dir('log'), 'manifest.json'), JSON.stringify({ ...manifest, files }));
    const database = await emptyDatabase();
    await restore(['log'], database);
    const [there, held] = [vault.database, database];
    vault.database = held;
    const { ok } = await vault.verify();
    vault.database = there;
    expect(ok).toBe(false);
  });
});

describe('custos backup and custos restore', () => {
  it('do the same from the command line, and verify what they put back', async () => {
    const [{ run }, { register }] = await Promise.all([import('./program.js'), import('./backup.js')]);
    const said = jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
    const custos = async (...args: string[]) => {
      said.mockClear();
      const code = await run([...args, '--json', '--data', folder], [register]);
      return { code, answer: JSON.parse(said.mock.calls.map(([text]) => String(text)).join('')) as unknown };
    };
    try {
      await vault.writeTrustFile(join(folder, 'trust.json'));
      const { size } = vault.log;
      const [reader, keyholder] = [vault.database.url('custos_reader'), vault.database.url('custos_keyholder')];
      expect(await custos('backup', dir('log'), '--database', reader)).toMatchObject({
        code: 0,
        answer: { of: 'log', entries: size },
      });
      expect(await custos('backup', dir('keys'), '--keys', '--database', keyholder)).toMatchObject({ code: 0 });
      expect(await custos('backup', dir('log'), '--database', reader)).toMatchObject({
        code: 1,
        answer: { code: 'backup_exists' },
      });
      expect(await custos('backup', dir('more'), '--keys')).toMatchObject({ code: 2 });
      expect(await custos('backup', join(folder, 'no', 'such'), '--database', reader)).toMatchObject({
        code: 1,
        answer: { code: 'backup_unwritable' },
      });
      const { superuserUrl } = await emptyDatabase();
      // Of another version, by a migration that this one does not know: nothing of it is touched.
      const one = "INSERT INTO public.custos_migration (version, name, sha256) VALUES (9999, 'later', 'x')";
      await using(superuserUrl, (client) => client.query(one));
      expect(await custos('restore', dir('log'), '--database', superuserUrl)).toMatchObject({
        code: 1,
        answer: { code: 'schema_mismatch' },
      });
      await using(superuserUrl, (client) => client.query('DROP TABLE public.custos_migration'));
      await using(superuserUrl, (client) => client.query('DROP SCHEMA log, keys, history CASCADE'));
      await change(({ size }) => ({ size: size + 1 }));
      expect(await custos('restore', dir('log'), '--database', superuserUrl)).toMatchObject({
        code: 1,
        answer: { code: 'backup_unusable' },
      });
      expect(await schemas(superuserUrl)).toEqual([]);
      await change(({ size }) => ({ size: size - 1 }));
      expect(await custos('restore', dir('log'), '--database', superuserUrl)).toMatchObject({
        code: 0,
        answer: { of: 'log', entries: size },
      });
      expect(await custos('restore', dir('keys'), '--database', superuserUrl)).toMatchObject({ code: 0 });
      expect(await custos('restore', dir('log'), '--database', superuserUrl)).toMatchObject({
        code: 1,
        answer: { code: 'restore_not_empty' },
      });
    } finally {
      said.mockRestore();
    }
  });
});
