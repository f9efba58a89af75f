import type pg from 'pg';
import { Problem } from '../problem.js';
import type { SubjectId } from '../log/ids.js';

export interface StoredKey {
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  readonly wrapped: Uint8Array;
}

/** The subjects' wrapped secret keys, in a schema of their own with a backup of its own. */
export class SubjectKeyStore {
  constructor(private readonly pool: pg.Pool) {}

  async find(subject: SubjectId): Promise<StoredKey | undefined> {
    const { rows } = await this.pool
      .query<StoredKey>({
        name: 'find-key',
        text: 'SELECT key_id AS "keyId", public_key AS "publicKey", wrapped FROM keys.subject_key WHERE subject = $1',
        values: [subject],
      })
      .catch(unavailable);
    return rows[0];
  }

  /** Keeps the key unless there is one already; returns the one that is kept. */
  async keep(subject: SubjectId, key: StoredKey): Promise<StoredKey> {
    await this.pool
      .query(
        `INSERT INTO keys.subject_key (subject, key_id, public_key, wrapped) SELECT $1, $2, $3, $4
         WHERE NOT EXISTS (SELECT FROM keys.subject_key WHERE subject = $1)`,
        [subject, key.keyId, Buffer.from(key.publicKey), Buffer.from(key.wrapped)],
      )
      .catch((error: { code?: string }) => {
        if (error.code !== '23505') unavailable(); // another instance was quicker: its key is the one
      });
    const kept = await this.find(subject);
    if (kept === undefined) throw new Problem('key_unknown');
    return kept;
  }

  /** Deletes the rows. Old row versions stay on disk until VACUUM and in the write-ahead log until it is recycled. */
  async destroy(keyIds: readonly string[]): Promise<number> {
    const { rowCount } = await this.pool
      .query('DELETE FROM keys.subject_key WHERE key_id = ANY($1)', [keyIds])
      .catch(unavailable);
    return rowCount ?? 0;
  }

  /** How many of these keys are there. */
  async count(keyIds: readonly string[]): Promise<number> {
    const { rowCount } = await this.pool
      .query('SELECT FROM keys.subject_key WHERE key_id = ANY($1)', [keyIds])
      .catch(unavailable);
    return rowCount ?? 0;
  }

  /** True for the first who claims this disclosure, whatever keyholder it is. */
  async claim(disclosure: number): Promise<boolean> {
    return this.pool.query('INSERT INTO keys.opened (position) VALUES ($1)', [disclosure]).then(
      () => true,
      (error: { code?: string }) => (error.code === '23505' ? false : unavailable()),
    );
  }
}

function unavailable(): never {
  throw new Problem('keyholder_unavailable');
}
