import type pg from 'pg';
import { copyBack, type BackupManifest, type OnBytes } from '../log/backup.js';
import { requireSameSchema } from '../log/restore-log.js';
import { Problem } from '../problem.js';

/** The subjects' wrapped keys, and what was opened with them. Whoever has them needs the root key too. */
export const keyTables = ['keys.subject_key', 'keys.opened'] as const;

/**
 * Puts a backup of the keys into a migrated database that holds none: all of them, or none. Keys of subjects whose
 * erasure is in the log are destroyed when the keyholder starts, before anything opens. Needs a superuser.
 * @throws Problem backup_unusable, schema_mismatch, restore_not_empty
 */
export async function restoreKeys(
  client: pg.ClientBase,
  dir: string,
  manifest: BackupManifest,
  onBytes?: OnBytes,
): Promise<void> {
  const isWhole = manifest.of === 'keys' && manifest.files.map(({ table }) => table).join() === keyTables.join();
  if (!isWhole) throw new Problem('backup_unusable', { file: 'manifest.json' });
  await requireSameSchema(client, manifest);
  await client.query('BEGIN');
  try {
    await client.query('LOCK TABLE keys.subject_key IN EXCLUSIVE MODE');
    const { rows } = await client.query('SELECT FROM keys.subject_key UNION ALL SELECT FROM keys.opened LIMIT 1');
    if (rows.length > 0) throw new Problem('restore_not_empty');
    await copyBack(client, dir, manifest, onBytes);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
