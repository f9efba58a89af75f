import type { Entry } from '../../log/header.js';
import type { Projection } from './projection.js';

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
  version: 1,

  changes({ type, position, at, actor: person, subject, data }: Entry): readonly ReleaseChange[] {
    switch (type) {
      case 'disclosure.made': {
        const { session, grant: request, fields, records } = data;
        return [{ kind: 'made', position, at, person, subject: subject ?? null, session, request, fields, records }];
      }
      case 'disclosure.completed':
        return [{ kind: 'ended', of: data.disclosure, outcome: data.outcome, records: data.records, position }];
      default:
        return [];
    }
  },

  async write(client, build, changes) {
    const of = (kind: ReleaseChange['kind']) => JSON.stringify(changes.filter((one) => one.kind === kind));
    await client.query(
      `INSERT INTO history.release (build, position, at, person, subject, session, request, fields, records)
       SELECT $1, position, at, person, subject, session, request, fields, records FROM jsonb_to_recordset($2::jsonb)
         AS made(position bigint, at bigint, person text, subject text, session text, request text, fields text[], records bigint)`,
      [build, of('made')],
    );
    // What a finished one delivered is known; what was counted before it is an upper bound. The first word counts.
    await client.query(
      `UPDATE history.release r SET outcome = e.outcome, completed = e.position,
         records = CASE e.outcome WHEN 'delivered' THEN e.records ELSE r.records END
       FROM (SELECT DISTINCT ON ("of") * FROM jsonb_to_recordset($2::jsonb)
               AS e("of" bigint, outcome text, records bigint, position bigint) ORDER BY "of", position) e
       WHERE r.build = $1 AND r.position = e."of" AND r.outcome IS NULL`,
      [build, of('ended')],
    );
  },

  rows: `SELECT position, at, person, subject, session, request, fields, records, outcome, completed
         FROM history.release WHERE build = $1`,

  async remove(client, build) {
    await client.query('DELETE FROM history.release WHERE build = $1', [build]);
  },
};
