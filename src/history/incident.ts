import { OrderedMap } from 'immutable';
import { z } from 'zod';
import type { Outcome } from '../log/draft.js';
import { incidentNoteKinds, type Actor, type EntryData, type IncidentNoteKind } from '../log/entries.js';
import { freeText } from '../log/free-text.js';
import type { Slice, SliceKey } from '../log/governance.js';
import type { EntryOf } from '../log/header.js';
import { IncidentId, type Position } from '../log/ids.js';

/** What people wrote down about one leak, as its entries say it. Nothing that anybody may do follows from it. */
export interface Incident {
  readonly incident: IncidentId;
  readonly title: string;
  readonly reason: string;
  readonly by: Actor;
  readonly position: Position;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Sizes of the log: what is asked about came between them. No `to`: it is not over. */
  readonly from: number;
  readonly to?: number;
  readonly notes: readonly IncidentNote[];
  readonly closed?: { readonly position: Position; readonly at: number; readonly by: Actor; readonly decision: string };
}

export interface IncidentNote {
  readonly position: Position;
  readonly at: number;
  readonly by: Actor;
  readonly kind: IncidentNoteKind;
  readonly text: string;
  /** Positions that it speaks of. */
  readonly about: readonly number[];
}

export type Incidents = OrderedMap<IncidentId, Incident>;
export const incidentKey: SliceKey<Incidents> = { slice: 'incidents' };

const Size = z.int().min(0);
const Line = freeText({ least: 0, most: 1000 });
/** Strict: a member that nobody knows would stand in the incident beside ours, or in the place of one. */
const said = {
  'incident.opened': z.strictObject({ incident: IncidentId, title: Line, reason: Line, from: Size, to: Size.optional() }),
  'incident.noted': z.strictObject({ incident: IncidentId, kind: z.enum(incidentNoteKinds), text: Line, about: z.array(Size) }),
  'incident.closed': z.strictObject({ incident: IncidentId, decision: Line }),
} as const; // prettier-ignore

/** Whether it says what one may say, of what was there by then. */
function fits(entry: { [T in keyof typeof said]: EntryOf<T> }[keyof typeof said]): boolean {
  if (!said[entry.type].safeParse(entry.data).success) return false;
  if (entry.type === 'incident.noted') return entry.data.about.every((one) => one < entry.position);
  if (entry.type === 'incident.closed') return true;
  const { from, to = entry.position } = entry.data;
  return from <= to && to <= entry.position;
}

/** Total over rows of any order and shape: what does not fit leaves the very same state. */
export const incidentSlice: Slice<Incidents> = {
  key: incidentKey,
  empty: OrderedMap(),
  evolve: (state, entry) => {
    switch (entry.type) {
      case 'incident.opened': {
        const { position, at, actor: by, data } = entry;
        return !fits(entry) || state.has(data.incident)
          ? state
          : state.set(data.incident, { ...data, by, position, at, notes: [] });
      }
      case 'incident.noted':
      case 'incident.closed': {
        const found = fits(entry) ? state.get(entry.data.incident) : undefined;
        if (found === undefined || found.closed !== undefined) return state;
        const { position, at, actor: by } = entry;
        if (entry.type === 'incident.closed') {
          const { decision } = entry.data;
          return state.set(found.incident, { ...found, closed: { position, at, by, decision } });
        }
        const { incident, ...note } = entry.data;
        return state.set(incident, { ...found, notes: [...found.notes, { position, at, by, ...note }] });
      }
      default:
        return state;
    }
  },
};

export type IncidentAnswer =
  | { readonly kind: 'written'; readonly incident: IncidentId }
  | { readonly kind: 'incident_unknown' }
  | { readonly kind: 'incident_closed' }
  | { readonly kind: 'position_unknown'; readonly size: number };

/** There is nothing to decide: whoever may ask, opens. */
export const openIncident = (data: EntryData['incident.opened']): Outcome<IncidentAnswer> => ({
  entries: [{ type: 'incident.opened', stream: streamOf(data.incident), data }],
  answer: { kind: 'written', incident: data.incident },
});

/** `size`: of the log now. What a note speaks of must be there. */
export function noteIncident(
  state: Incidents,
  data: EntryData['incident.noted'],
  { size }: { readonly size: number },
): Outcome<IncidentAnswer> {
  if (data.about.some((position) => position >= size)) return refused({ kind: 'position_unknown', size });
  return ifOpen(state, data.incident, { entries: [{ type: 'incident.noted', stream: streamOf(data.incident), data }] });
}

export const closeIncident = (state: Incidents, data: EntryData['incident.closed']): Outcome<IncidentAnswer> =>
  ifOpen(state, data.incident, { entries: [{ type: 'incident.closed', stream: streamOf(data.incident), data }] });

function ifOpen(
  state: Incidents,
  incident: IncidentId,
  { entries }: Pick<Outcome<IncidentAnswer>, 'entries'>,
): Outcome<IncidentAnswer> {
  const found = state.get(incident);
  if (found === undefined) return refused({ kind: 'incident_unknown' });
  if (found.closed !== undefined) return refused({ kind: 'incident_closed' });
  return { entries, answer: { kind: 'written', incident } };
}

/** Nothing is written: whoever types a wrong id has not changed what is known. */
const refused = (answer: IncidentAnswer): Outcome<IncidentAnswer> => ({ entries: [], answer });

const streamOf = (incident: IncidentId) => `incident/${incident}`;
