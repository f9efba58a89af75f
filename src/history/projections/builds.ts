import type pg from 'pg';
import { onOneClient } from '../../log/database.js';
import type { Entry } from '../../log/header.js';
import type { AnyProjection } from './projection.js';

export interface Build {
  readonly build: number;
  readonly version: number;
  /** The first entry that is not folded in yet. */
  readonly position: number;
  readonly live: boolean;
  /** Why it stands still, or null. */
  readonly stopped: string | null;
}

/** What one batch of entries came to, and up to where. */
export interface Folded {
  readonly changes: readonly unknown[];
  readonly position: number;
  readonly stopped: string | null;
}

/** What cannot be folded stops the projection below it. The reason is constant: an entry's words are not repeated. */
export function foldEntries(projection: AnyProjection, entries: readonly Entry[], end: number): Folded {
  const changes: unknown[] = [];
  for (const entry of entries) {
    try {
      changes.push(...projection.changes(entry));
    } catch {
      return { changes, position: entry.position, stopped: 'entry_not_folded' };
    }
  }
  return { changes, position: end, stopped: null };
}

/** The rows of `history.build`. A build's position and its rows move in one transaction. */
export class Builds {
  constructor(private readonly pool: pg.Pool) {}

  async live({ name }: AnyProjection): Promise<Build | undefined> {
    const { rows } = await this.pool.query<Build>(
      'SELECT build, version, position, live, stopped FROM history.build WHERE projection = $1 AND live',
      [name],
    );
    return rows[0];
  }

  /** A new one, empty, beside those there are. */
  async begin({ name, version }: AnyProjection): Promise<number> {
    const { rows } = await this.pool.query<{ build: number }>(
      `INSERT INTO history.build (projection, build, version)
       SELECT $1, coalesce(max(build), 0) + 1, $2 FROM history.build WHERE projection = $1 RETURNING build`,
      [name, version],
    );
    return (rows[0] as { build: number }).build;
  }

  /** False, and nothing is written, where it does not stand at `from`: another instance was first, or it is gone. */
  advance(projection: AnyProjection, build: number, from: number, folded: Folded): Promise<boolean> {
    return this.transaction(async (client) => {
      const { rowCount } = await client.query(
        `UPDATE history.build SET position = $4, stopped = $5
         WHERE projection = $1 AND build = $2 AND position = $3 AND stopped IS NULL`,
        [projection.name, build, from, folded.position, folded.stopped],
      );
      if (rowCount !== 1) return false;
      if (folded.changes.length > 0) await projection.write(client, build, folded.changes);
      return true;
    });
  }

  /** Once more from where it stands: the program may have learnt to fold what stopped it. */
  async retry({ name }: AnyProjection): Promise<void> {
    await this.pool.query('UPDATE history.build SET stopped = NULL WHERE projection = $1', [name]);
  }

  /** Makes `build` the one that answers, unless the one that does has come further. Those that were begun before it are
   * gone; one that was begun after it goes on. */
  switchTo(projection: AnyProjection, build: number): Promise<boolean> {
    return this.transaction(async (client) => {
      const { rows } = await client.query<Build>(
        `SELECT build, version, position, live, stopped FROM history.build WHERE projection = $1 ORDER BY build FOR UPDATE`,
        [projection.name],
      );
      const next = rows.find((one) => one.build === build);
      const live = rows.find((one) => one.live);
      const isBehind = live?.version === next?.version && (next?.position ?? 0) < (live?.position ?? 0);
      if (next === undefined || isBehind) return false;
      for (const other of rows.filter((one) => one !== next && one.build < build))
        await this.drop(projection, other.build, client);
      await client.query('UPDATE history.build SET live = true WHERE projection = $1 AND build = $2', [
        projection.name,
        build,
      ]);
      return true;
    });
  }

  async drop(projection: AnyProjection, build: number, client?: pg.ClientBase): Promise<void> {
    if (client === undefined) return this.transaction((own) => this.drop(projection, build, own));
    await projection.remove(client, build);
    await client.query('DELETE FROM history.build WHERE projection = $1 AND build = $2', [projection.name, build]);
  }

  /**
   * Runs `work` while the build that answers stands still, with its position; undefined where there is none to compare
   * with.
   */
  holdingLive<T>(projection: AnyProjection, work: (live: Build, differences: Differences) => Promise<T>) {
    const { name, version } = projection;
    return this.transaction(async (client) => {
      const { rows } = await client.query<Build>(
        `SELECT build, version, position, live, stopped FROM history.build
         WHERE projection = $1 AND version = $2 AND live FOR UPDATE`,
        [name, version],
      );
      const [live] = rows;
      return live === undefined ? undefined : work(live, (other) => differences(client, projection, live.build, other));
    });
  }

  private transaction<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    return onOneClient(this.pool, async (client) => {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    });
  }
}

/** Positions of rows that one of two builds has and the other has not, or otherwise; a hundred at most. */
export type Differences = (other: number) => Promise<number[]>;

async function differences(client: pg.ClientBase, { rows }: AnyProjection, a: number, b: number): Promise<number[]> {
  const [ofA, ofB] = [a, b].map((build) => rows.replaceAll('$1', String(build)));
  const found = await client.query<{ position: number }>(
    `SELECT DISTINCT position FROM (((${ofA}) EXCEPT ALL (${ofB})) UNION ALL ((${ofB}) EXCEPT ALL (${ofA}))) d
     ORDER BY position LIMIT 100`,
  );
  return found.rows.map(({ position }) => position);
}
