import pg from 'pg';
import { plainSession } from '../log/database.js';

/**
 * The right to publish to one topic, and how far that has come. Held by one connection at a time (an advisory lock), so
 * whoever loses the connection loses the right. The server may take a moment longer to notice than a second instance
 * to begin: then both send, and the one whose size is not the one that stands there finds out.
 */
export class PublishedSize {
  private constructor(
    private readonly client: pg.Client,
    private readonly topic: string,
    /** Aborts with the connection. */
    readonly lost: AbortSignal,
  ) {}

  /** Undefined where another instance publishes. Rejects where the database cannot be reached. */
  static async hold(pool: pg.Pool, topic: string): Promise<PublishedSize | undefined> {
    // The pool's own options: its password is not to be copied around, and positions are to come as numbers.
    const client = new pg.Client(pool.options);
    const lost = new AbortController();
    client.on('error', () => lost.abort());
    client.on('end', () => lost.abort());
    try {
      await client.connect();
      await client.query(plainSession);
      const { rows } = await client.query<{ held: boolean }>(
        `SELECT pg_try_advisory_lock(hashtextextended('custos publishes ' || $1, 0)) AS held`,
        [topic],
      );
      if (rows[0]?.held === true) return new PublishedSize(client, topic, lost.signal);
      await client.end();
      return undefined;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  async read(): Promise<number> {
    const { rows } = await this.client.query<{ size: number }>('SELECT size FROM log.published WHERE topic = $1', [
      this.topic,
    ]);
    return rows[0]?.size ?? 0;
  }

  /** False where it no longer stands at `from`: somebody else publishes. */
  async move({ from, to }: { from: number; to: number }): Promise<boolean> {
    const { rows } = await this.client.query<{ moved: boolean }>({
      name: 'move-published',
      text: 'SELECT log.move_published($1, $2, $3) AS moved',
      values: [this.topic, from, to],
    });
    return rows[0]?.moved === true;
  }

  async release(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}
