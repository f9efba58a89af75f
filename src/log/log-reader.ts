import { Problem } from '../problem.js';
import { mostTogether, type KeptAnswer } from './command-hash.js';
import type { Queryable } from './database.js';
import type { EntryType } from './entries.js';
import { decodeHeader, type Entry, type EntryOf } from './header.js';
import type { Position, SessionId, SubjectId } from './ids.js';
import { eachOnce, Together } from './together.js';

export interface LogHead {
  readonly size: number;
  readonly at: number;
  readonly checkpoint: string;
}

interface HeaderRow {
  readonly header: Buffer;
}
const decodeAll = (rows: readonly HeaderRow[]): Entry[] => rows.map(({ header }) => decodeHeader(header));

/** Those of a long session would keep everybody waiting who asked with its reader: it goes on by itself after these. */
export const headersTogether = 64;

interface SessionRow extends HeaderRow {
  readonly version: number;
}

interface SessionAsked {
  readonly session: SessionId;
  readonly below: number;
}

/** Reads the log. What it returns was not verified: whoever decides on it uses VerifiedReplay. */
export class LogReader {
  /** One under way and one behind it: the server has always something to do. */
  private readonly sessionsAsked = new Together((asked: readonly SessionAsked[]) => this.sessionsTogether(asked), 2);

  constructor(private readonly db: Queryable) {}

  async head(): Promise<LogHead> {
    const { rows } = await this.db.query<LogHead>('SELECT size, at, checkpoint FROM log.head');
    if (rows[0] === undefined) throw new Problem('log_corrupt', { position: 0 });
    return rows[0];
  }

  /** Of the commands whose first entry this is: several, where they wrote together. */
  async keptAnswers(first: number): Promise<KeptAnswer[]> {
    const { rows } = await this.db.query<KeptAnswer>(
      'SELECT actor, command, digest, count, answer FROM log.command WHERE first = $1 LIMIT $2',
      [first, mostTogether],
    );
    return rows;
  }

  async headers(from: number, limit: number): Promise<{ position: Position; header: Uint8Array }[]> {
    const { rows } = await this.db.query<{ position: Position; header: Buffer }>(
      `SELECT position, header FROM log.entry
       WHERE position >= $1 AND position < (SELECT size FROM log.head) ORDER BY position LIMIT $2`,
      [from, limit],
    );
    return rows;
  }

  /**
   * Of the entries below `below` those that the state is folded from, in order. Readings that a containment tried are
   * judged where they stand and change nothing: they are left out.
   */
  async governingHeaders(below: number, limit: number): Promise<{ position: Position; header: Uint8Array }[]> {
    const { rows } = await this.db.query<{ position: Position; header: Buffer }>(
      `SELECT position, header FROM log.entry WHERE governs AND type <> 'containment.probed' AND position < $1
       ORDER BY position LIMIT $2`,
      [below, limit],
    );
    return rows;
  }

  /** @throws Problem position_unknown */
  async header(position: number): Promise<Uint8Array> {
    const [row] = await this.headers(position, 1);
    if (row?.position !== position) throw new Problem('position_unknown', { size: (await this.head()).size });
    return row.header;
  }

  async stream(stream: string, options: { from?: number; below?: number } = {}): Promise<Entry[]> {
    const { rows } = await this.db.query<{ header: Buffer }>({
      name: 'read-stream',
      text: `SELECT header FROM log.entry WHERE stream = $1 AND version >= $2 AND version < $3
             AND position < (SELECT size FROM log.head) ORDER BY version`,
      values: [stream, options.from ?? 0, options.below ?? 2 ** 31 - 1],
    });
    return decodeAll(rows);
  }

  /** Entries of several streams, each stream's in order. */
  async streams(streams: readonly string[]): Promise<Entry[]> {
    const { rows } = await this.db.query<{ header: Buffer }>(
      `SELECT header FROM log.entry WHERE stream = ANY($1::text[])
       AND position < (SELECT size FROM log.head) ORDER BY stream, version`,
      [streams],
    );
    return decodeAll(rows);
  }

  async lastOf(stream: string): Promise<Entry | undefined> {
    const { rows } = await this.db.query<{ header: Buffer }>(
      `SELECT header FROM log.entry WHERE stream = $1
       AND position < (SELECT size FROM log.head) ORDER BY version DESC LIMIT 1`,
      [stream],
    );
    return decodeAll(rows)[0];
  }

  /** Those at the positions `from` up to and not with `below`, in order. */
  async ofSubject(
    subject: SubjectId,
    types: readonly EntryType[],
    { from, below, limit }: { from: number; below: number; limit?: number },
  ): Promise<Entry[]> {
    const { rows } = await this.db.query<{ header: Buffer }>(
      `SELECT header FROM log.entry WHERE subject = $1 AND type = ANY($2) AND position >= $3
       AND position < LEAST($4, (SELECT size FROM log.head)) ORDER BY position LIMIT $5`,
      [subject, types, from, below, limit ?? null],
    );
    return decodeAll(rows);
  }

  /** Sessions in the order in which they were opened; `after` is the position of the last one seen. */
  async sessions(options: {
    subject?: SubjectId | undefined;
    after: number;
    limit: number;
  }): Promise<EntryOf<'session.opened'>[]> {
    const { rows } = await this.db.query<{ header: Buffer }>(
      `SELECT header FROM log.entry WHERE type = 'session.opened' AND position > $1 AND ($2::text IS NULL OR subject = $2)
       AND position < (SELECT size FROM log.head) ORDER BY position LIMIT $3`,
      [options.after, options.subject ?? null, options.limit],
    );
    return decodeAll(rows) as EntryOf<'session.opened'>[];
  }

  /** Many who read sessions at once share a query. What a row holds is looked at by whoever asked for it, and fails them alone. */
  async session(session: SessionId, below = 2 ** 31 - 1): Promise<Entry[]> {
    const rows = await this.sessionsAsked.of({ session, below });
    const entries = decodeAll(rows);
    const last = rows.at(-1);
    if (last === undefined || rows.length < headersTogether) return entries;
    return [...entries, ...(await this.stream(`session/${session}`, { from: last.version + 1, below }))];
  }

  /** The first `headersTogether` of each, in order. */
  private async sessionsTogether(asked: readonly SessionAsked[]): Promise<SessionRow[][]> {
    const { once, placeOf } = eachOnce(asked, ({ session, below }) => `${below}/${session}`);
    const { rows } = await this.db.query<SessionRow & { place: number }>({
      ...readSessions,
      values: [once.map(({ session }) => `session/${session}`), once.map(({ below }) => below), headersTogether],
    });
    const found = once.map((): SessionRow[] => []);
    for (const row of rows) found[row.place]?.push(row);
    return placeOf.map((place) => found[place] ?? []);
  }

  /** The number of entries whose time is at most `at`: a time becomes a size once, and sizes only after that. */
  async sizeAt(at: number): Promise<number> {
    let [low, high] = [0, (await this.head()).size];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const { rows } = await this.db.query<{ at: number }>('SELECT at FROM log.entry WHERE position = $1', [middle]);
      if (rows[0] === undefined) throw new Problem('log_corrupt', { position: middle });
      if (rows[0].at <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The first signed checkpoint that covers the first `size` entries. */
  async checkpointCovering(size: number): Promise<{ size: number; checkpoint: string }> {
    const { rows } = await this.db.query<{ size: number; checkpoint: string }>(
      'SELECT size, note AS checkpoint FROM log.checkpoint WHERE size >= $1 ORDER BY size LIMIT 1',
      [size],
    );
    if (rows[0] === undefined) throw new Problem('position_unknown', { size: (await this.head()).size });
    return rows[0];
  }

  /** The last signed checkpoint over no more than the first `size` entries, if there is one. */
  async checkpointWithin(size: number): Promise<{ size: number; checkpoint: string } | undefined> {
    const { rows } = await this.db.query<{ size: number; checkpoint: string }>(
      'SELECT size, note AS checkpoint FROM log.checkpoint WHERE size <= $1 ORDER BY size DESC LIMIT 1',
      [size],
    );
    return rows[0];
  }
}

/** Each stream by its own look into the index, whatever the planner knows of how long streams are. */
export const readSessions = {
  name: 'read-sessions',
  text: `SELECT place::int - 1 AS place, version, header
         FROM unnest($1::text[], $2::int[]) WITH ORDINALITY AS asked(stream, below, place)
         CROSS JOIN LATERAL (
           SELECT version, header FROM log.entry e
           WHERE e.stream = asked.stream AND e.version < asked.below AND e.position < (SELECT size FROM log.head)
           ORDER BY e.version LIMIT $3
         ) AS found
         ORDER BY place, version`,
};
