import type { ExposureRow } from '../history/exposure-rows.js';

/** A line for each person, subject, session and field; types as Parquet names them, times in epoch milliseconds. */
export const exposureColumns = [
  { name: 'kind', type: 'STRING' },
  { name: 'person', type: 'STRING' },
  { name: 'subject', type: 'STRING' },
  { name: 'session', type: 'STRING' },
  { name: 'field', type: 'STRING' },
  { name: 'grant', type: 'STRING' },
  { name: 'from_position', type: 'INT64' },
  { name: 'from_time', type: 'TIMESTAMP' },
  { name: 'until_position', type: 'INT64' },
  { name: 'until_time', type: 'TIMESTAMP' },
  // Of the whole release, on each of its lines.
  { name: 'records', type: 'INT64' },
  { name: 'outcome', type: 'STRING' },
  { name: 'allowed', type: 'BOOLEAN' },
] as const;

export type ExposureLine = {
  readonly [C in (typeof exposureColumns)[number] as C['name']]: string | number | boolean | null;
};

export function exposureLines(row: ExposureRow): ExposureLine[] {
  const { kind, person, grant } = row;
  if (row.kind === 'did') {
    const { subject, session, fields, position, at, records, outcome, allowed } = row;
    const when = { from_position: position, from_time: at, until_position: null, until_time: null };
    return fields.map((field) => ({
      kind,
      person,
      subject,
      session,
      field,
      grant,
      ...when,
      records,
      outcome,
      allowed,
    }));
  }
  const { sessions, fields, since, until } = row;
  const when = {
    ...{ from_position: since.position, from_time: since.at },
    ...{ until_position: until?.position ?? null, until_time: until?.at ?? null },
  };
  const rest = { records: null, outcome: until === null ? 'still' : 'ended', allowed: null };
  return sessions.flatMap(({ session, subject }) =>
    fields.map((field) => ({ kind, person, subject, session, field, grant, ...when, ...rest })),
  );
}
