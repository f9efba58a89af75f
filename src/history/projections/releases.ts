import type { EntryType } from '../../log/entries.js';
import type { Entry } from '../../log/header.js';
import { PersonId } from '../../log/ids.js';
import { endSaid, releaseSaid } from '../release-said.js';
import type { Projection } from './projection.js';

const Name = PersonId.catch('' as PersonId);

export interface ReleaseMade {
  readonly position: number;
  readonly at: number;
  readonly person: string;
  readonly subject: string | null;
  readonly session: string;
  readonly request: string;
  readonly fields: readonly string[];
  readonly records: number;
}

export type ReleaseChange =
  | ({ readonly kind: 'made' } & ReleaseMade)
  | {
      readonly kind: 'ended';
      readonly of: number;
      readonly outcome: string;
      readonly records: number;
      readonly position: number;
    };

/** Every release of plaintext, and what became of it. */
export const releases: Projection<ReleaseChange> = {
  name: 'releases',
  version: 2,
  types: new Set<EntryType>(['disclosure.made', 'disclosure.completed']),

  changes(entry: Entry): readonly ReleaseChange[] {
    const { position, at } = entry;
    switch (entry.type) {
      case 'disclosure.made': {
        const { session, grant: request, fields, records = 0 } = releaseSaid(entry);
        // Of a name that is none PostgreSQL might take no row.
        const person = Name.parse(entry.actor);
        const subject = entry.subject === undefined ? null : Name.parse(entry.subject);
        return [{ kind: 'made', position, at, person, subject, session, request, fields, records }];
      }
      case 'disclosure.completed': {
        const end = endSaid(entry);
        return end === undefined
          ? []
          : [{ kind: 'ended', of: end.disclosure, outcome: end.outcome, records: end.records, position }];
      }
      default:
        return [];
    }
  },

  async write(client, build, changes) {
    const { rows, ended } = settled(changes);
    await client.query(
      `INSERT INTO history.release (build, position, at, person, subject, session, request, fields, records, outcome, completed)
       SELECT $1, made.* FROM jsonb_to_recordset($2::jsonb)
         AS made(position bigint, at bigint, person text, subject text, session text, request text, fields text[],
                 records bigint, outcome text, completed bigint)`,
      [build, JSON.stringify(rows)],
    );
    if (ended.length === 0) return;
    await client.query(
      `UPDATE history.release r SET outcome = e.outcome, completed = e.position,
         records = CASE e.outcome WHEN 'delivered' THEN e.records ELSE r.records END
       FROM jsonb_to_recordset($2::jsonb) AS e("of" bigint, outcome text, records bigint, position bigint)
       WHERE r.build = $1 AND r.position = e."of" AND r.outcome IS NULL`,
      [build, JSON.stringify(ended)],
    );
  },

  rows: `SELECT position, at, person, subject, session, request, fields, records, outcome, completed
         FROM history.release WHERE build = $1`,

  async remove(client, build) {
    await client.query('DELETE FROM history.release WHERE build = $1', [build]);
  },
};

type Made = Extract<ReleaseChange, { kind: 'made' }>;
type Ended = Extract<ReleaseChange, { kind: 'ended' }>;

/**
 * Most releases end in the batch that they were made in: then a row is written once, since to change it means to write it
 * into every index anew. What a finished one delivered is known; what was counted before it is an upper bound. The first
 * word counts.
 */
export function settled(changes: readonly ReleaseChange[]): {
  readonly rows: readonly (Made & { readonly outcome?: string; readonly completed?: number })[];
  readonly ended: readonly Ended[];
} {
  const ends = new Map<number, Ended>();
  for (const one of changes) if (one.kind === 'ended' && !ends.has(one.of)) ends.set(one.of, one);
  const rows = changes.flatMap((made) => {
    if (made.kind !== 'made') return [];
    const end = ends.get(made.position);
    if (end === undefined) return [made];
    ends.delete(made.position);
    const records = end.outcome === 'delivered' ? end.records : made.records;
    return [{ ...made, records, outcome: end.outcome, completed: end.position }];
  });
  return { rows, ended: [...ends.values()] };
}
