import type pg from 'pg';
import { Problem } from '../problem.js';
import type { Position, SubjectId } from '../log/ids.js';
import { Together } from '../log/together.js';

export interface StoredKey {
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  readonly wrapped: Uint8Array;
}

export interface StoredKeyOf extends StoredKey {
  readonly subject: SubjectId;
}

export interface Rewrapped {
  readonly keyId: string;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** Of the advisory lock between whoever makes or destroys keys and whoever rotates the root key. */
const rotationKey = 7_024_001;

/** The subjects' wrapped secret keys, in a schema of their own with a backup of its own. */
export class SubjectKeyStore {
  /** One under way and one behind it: the server has always something to do. */
  private readonly found = new Together((subjects: readonly SubjectId[]) => this.findAll(subjects), 2);
  private readonly claimed = new Together((disclosures: readonly Position[]) => this.claimAll(disclosures), 2);

  constructor(private readonly pool: pg.Pool) {}

  find(subject: SubjectId): Promise<StoredKey | undefined> {
    return this.found.of(subject);
  }

  /**
   * Keeps the key unless there is one already; returns the one that is kept. While it is made, no rotation gives the root key
   * another: what `make` has read of it is still so when the key is kept.
   */
  async keep(subject: SubjectId, make: () => Promise<StoredKey>): Promise<StoredKey> {
    await this.holding('pg_advisory_xact_lock_shared', async (client) => {
      const key = await make();
      await client
        .query(
          `INSERT INTO keys.subject_key (subject, key_id, public_key, wrapped) SELECT $1, $2, $3, $4
           WHERE NOT EXISTS (SELECT FROM keys.subject_key WHERE subject = $1)`,
          [subject, key.keyId, Buffer.from(key.publicKey), Buffer.from(key.wrapped)],
        )
        .catch((error: { code?: string }) => {
          if (error.code !== '23505') unavailable(); // another instance was quicker: its key is the one
        });
    });
    const kept = await this.find(subject);
    if (kept === undefined) throw new Problem('key_unknown');
    return kept;
  }

  /** Waits until no key is being made, on any instance, and lets none be made meanwhile. */
  whileNoneIsMade<T>(work: () => Promise<T>): Promise<T> {
    return this.holding('pg_advisory_xact_lock', work);
  }

  /** In order of their ids, which are random. */
  async page(after: string, limit: number): Promise<StoredKeyOf[]> {
    const { rows } = await this.pool
      .query<StoredKeyOf>(
        `SELECT subject, key_id AS "keyId", public_key AS "publicKey", wrapped FROM keys.subject_key
         WHERE key_id > $1 ORDER BY key_id LIMIT $2`,
        [after, limit],
      )
      .catch(unavailable);
    return rows;
  }

  /**
   * Wraps these otherwise, all or none, and says how many: not one that is gone, or wrapped in another way than it was read.
   * Out and in again, since nobody may change a row. Whoever erases waits meanwhile, or would not see what came back in.
   */
  rewrap(keys: readonly Rewrapped[]): Promise<number> {
    return this.holding('pg_advisory_xact_lock', async (client) => {
      const { rows } = await client
        .query<Omit<StoredKeyOf, 'wrapped'>>(
          `DELETE FROM keys.subject_key k USING unnest($1::text[], $2::bytea[]) old(key_id, wrapped)
           WHERE k.key_id = old.key_id AND k.wrapped = old.wrapped
           RETURNING k.subject, k.key_id AS "keyId", k.public_key AS "publicKey"`,
          [keys.map(({ keyId }) => keyId), keys.map(({ from }) => Buffer.from(from))],
        )
        .catch(unavailable);
      const wrapped = new Map(keys.map(({ keyId, to }) => [keyId, Buffer.from(to)]));
      await client
        .query(
          `INSERT INTO keys.subject_key (subject, key_id, public_key, wrapped)
           SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[])`,
          [
            rows.map(({ subject }) => subject),
            rows.map(({ keyId }) => keyId),
            rows.map(({ publicKey }) => publicKey),
            rows.map(({ keyId }) => wrapped.get(keyId)),
          ],
        )
        .catch(unavailable);
      return rows.length;
    });
  }

  /** Deletes the rows. Old row versions stay on disk until VACUUM and in the write-ahead log until it is recycled. */
  destroy(keyIds: readonly string[]): Promise<number> {
    return this.holding('pg_advisory_xact_lock_shared', async (client) => {
      const { rowCount } = await client
        .query('DELETE FROM keys.subject_key WHERE key_id = ANY($1)', [keyIds])
        .catch(unavailable);
      return rowCount ?? 0;
    });
  }

  /** How many of these keys are there. */
  async count(keyIds: readonly string[]): Promise<number> {
    const { rowCount } = await this.pool
      .query('SELECT FROM keys.subject_key WHERE key_id = ANY($1)', [keyIds])
      .catch(unavailable);
    return rowCount ?? 0;
  }

  /** True for the first who claims this disclosure, whatever keyholder it is. */
  claim(disclosure: Position): Promise<boolean> {
    return this.claimed.of(disclosure);
  }

  private async findAll(subjects: readonly SubjectId[]): Promise<(StoredKey | undefined)[]> {
    const { rows } = await this.pool
      .query<StoredKeyOf>({
        name: 'find-keys',
        text: `SELECT subject, key_id AS "keyId", public_key AS "publicKey", wrapped FROM keys.subject_key
               WHERE subject = ANY($1)`,
        values: [subjects],
      })
      .catch(unavailable);
    const found = new Map(rows.map(({ subject, ...key }) => [subject, key]));
    return subjects.map((subject) => found.get(subject));
  }

  /** Durable before anybody is told: one commit for all who wait. */
  private async claimAll(disclosures: readonly Position[]): Promise<boolean[]> {
    const { rows } = await this.pool
      .query<{ position: Position }>({
        name: 'claim-disclosures',
        text: 'INSERT INTO keys.opened (position) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING RETURNING position',
        values: [disclosures],
      })
      .catch(unavailable);
    const claimed = new Set(rows.map(({ position }) => position));
    // Of two who claim one disclosure at once the first has it: what was claimed is given away once.
    return disclosures.map((disclosure) => claimed.delete(disclosure));
  }

  private async holding<T>(lock: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch(unavailable);
    let broken = true;
    try {
      await client.query('BEGIN').catch(unavailable);
      await client.query(`SELECT ${lock}($1)`, [rotationKey]).catch(unavailable);
      const result = await work(client);
      await client.query('COMMIT').catch(unavailable);
      broken = false;
      return result;
    } finally {
      client.release(broken);
    }
  }
}

function unavailable(): never {
  throw new Problem('keyholder_unavailable');
}
