import type { Command } from 'commander';
import { globals, trustFilePath, type Globals } from './globals.js';
import { printResult, say } from './output.js';
import { progressBar } from './progress-bar.js';
import { wrongUse } from './refusal.js';

interface BackupOptions {
  readonly database?: string;
  readonly keys?: boolean;
}

export function register(program: Command): void {
  program
    .command('backup')
    .description('copy the log, or the wrapped keys, out of the database into a new folder')
    .argument('<folder>', 'where it goes; must not be there yet')
    .option('--keys', "the subjects' wrapped keys instead of the log: they belong to a backup of their own")
    .option('--database <url>', 'of custos_reader, or custos_keyholder for the keys (default: that of the data folder)')
    .addHelpText(
      'after',
      `
One snapshot, taken while everybody goes on appending. A folder is there whole, with the hash of each file, or not
at all. What is sealed stays sealed: without the keys and the root key nobody opens it. docs/operating/backup.md says
what to keep where, for how long, and how to practise.

Examples:
  $ custos backup /backup/log-2026-05-03
  $ custos backup /backup/keys-2026-05-03 --keys --database postgres://custos_keyholder@db/custos`,
    )
    .action(async (folder: string, { keys = false, database }: BackupOptions, command: Command) => {
      const all = globals(command);
      const made = await backUp(folder, { isKeys: keys, database }, all);
      await printResult(all.json, made, () =>
        keys
          ? `Kept ${made.folder}: the wrapped keys, as of ${made.entries} entries.`
          : `Kept ${made.folder}: ${made.entries} entries.`,
      );
    });
  program
    .command('restore')
    .description('put a backup into an empty database, and verify it')
    .argument('<folder>', 'what `custos backup` made')
    .requiredOption('--database <url>', 'of a superuser; the database must be there, and empty')
    .addHelpText(
      'after',
      `
The folder is compared with its hashes, and its checkpoint with the log's key of the trust file, before anything is
written. A log is verified whole afterwards, as by \`custos verify\`. Restore the log first, then the keys; then start the
keyholder, which destroys the keys of whoever was erased since that backup was made.

Examples:
  $ custos restore /backup/log-2026-05-03 --database postgres://postgres@db/custos
  $ custos restore /backup/keys-2026-05-03 --database postgres://postgres@db/custos`,
    )
    .action(async (folder: string, { database }: { database: string }, command: Command) => {
      const all = globals(command);
      const restored = await restore(folder, database, all);
      await printResult(all.json, restored, () =>
        restored.of === 'keys' ? 'Restored the wrapped keys.' : `Restored and verified ${restored.entries} entries.`,
      );
    });
}

async function backUp(
  folder: string,
  { isKeys, database }: { isKeys: boolean; database: string | undefined },
  all: Globals,
) {
  const [{ writeBackup }, { logTables }, { keyTables }, { readerUrl }] = await Promise.all([
    import('../log/backup.js'),
    import('../log/restore-log.js'),
    import('../keys/restore-keys.js'),
    import('./verify-log.js'),
  ]);
  if (isKeys && database === undefined) throw wrongUse('--database', 'of the role custos_keyholder, with --keys');
  const url = database ?? (await readerUrl(all.data));
  const { size, made } = await connected(url, async (client) => {
    const bar = await bytesBar(await bytesHeld(client, isKeys ? 'keys' : 'log'), all);
    try {
      return await writeBackup(client, isKeys ? 'keys' : 'log', isKeys ? keyTables : logTables, folder, bar.update);
    } finally {
      bar.stop();
    }
  });
  return { folder, of: isKeys ? 'keys' : 'log', entries: size, made };
}

async function restore(folder: string, database: string, all: Globals) {
  const [
    { readBackup },
    { isUnmigrated, requireOfLog, restoreLog },
    { restoreKeys },
    { migrate },
    { loadTrust },
    { parseVerifierKey },
  ] = await Promise.all([
    import('../log/backup.js'),
    import('../log/restore-log.js'),
    import('../keys/restore-keys.js'),
    import('../log/migrate.js'),
    import('../identity/trust.js'),
    import('../merkle/note.js'),
  ]);
  const trustFile = trustFilePath(all.data);
  const { origin, log } = await loadTrust(trustFile);
  const manifest = await readBackup(folder);
  const trusted = { origin, verifiers: [parseVerifierKey(log)] };
  if (manifest.of === 'log') requireOfLog(manifest, trusted);
  const bar = await bytesBar(
    manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
    all,
  );
  await connected(database, async (client) => {
    if (manifest.of === 'keys') return restoreKeys(client, folder, manifest, bar.update);
    // One that has a schema may be somebody's: it is refused as it is, not changed first.
    if (await isUnmigrated(client)) await migrate(database);
    return restoreLog(client, folder, manifest, trusted, bar.update);
  }).finally(bar.stop);
  if (manifest.of === 'log') await verifyRestored(database, trustFile, all);
  return { folder, of: manifest.of, entries: manifest.size, made: manifest.made };
}

async function verifyRestored(database: string, trustFile: string, { data }: Globals): Promise<void> {
  const [{ verifyLiveLog }, { Problem }] = await Promise.all([import('./verify-log.js'), import('../problem.js')]);
  // What the service remembers is of the log that was lost; whether this one is shorter is asked when it starts.
  const { ok, problems } = await verifyLiveLog({ data, database, trustFile, isRestored: true });
  if (ok) return;
  say(`The restored log does not verify: ${problems.length} problems. Drop this database.`);
  throw new Problem('not_verified', { problems: problems.slice(0, 100) });
}

async function connected<T>(url: string, work: (client: import('pg').Client) => Promise<T>): Promise<T> {
  const [{ default: pg }, { Problem }] = await Promise.all([import('pg'), import('../problem.js')]);
  const client = new pg.Client({ connectionString: url, application_name: 'custos backup' });
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw error instanceof Problem ? error : new Problem('log_unavailable');
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** About what there is to read, as far as PostgreSQL knows without reading it. */
async function bytesHeld(client: import('pg').Client, schema: 'log' | 'keys'): Promise<number> {
  const { rows } = await client.query<{ bytes: number }>(
    `SELECT coalesce(sum(pg_table_size(oid)), 0)::float8 AS bytes FROM pg_class
     WHERE relnamespace = $1::regnamespace AND relkind = 'r'`,
    [schema],
  );
  return rows[0]?.bytes ?? 0;
}

async function bytesBar(total: number, all: Globals) {
  const mega = (bytes: number) => Math.ceil(bytes / 1e6);
  const bar = await progressBar(mega(total), 'MB', all);
  return { update: (bytes: number) => bar?.update(Math.min(mega(bytes), mega(total))), stop: () => bar?.stop() };
}
