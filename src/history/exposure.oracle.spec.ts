import type { AccessState } from '../access/access-state.js';
import { decide } from '../access/decide.js';
import type { FieldName } from '../log/fields.js';
import type { Entry } from '../log/header.js';
import type { GrantId, PersonId, SessionId, SubjectId } from '../log/ids.js';

/**
 * Exposure by force: at every size of the log between two moments every person, grant, session and field there is asks
 * `decide` for one record. No rectangles, no notion of what an entry may have changed, nothing kept from size to size.
 * Between two entries a state only narrows, as grants run out, so its first millisecond has all of it.
 */
export interface World {
  /** The states after the first 0, 1, 2 … entries. */
  readonly states: readonly AccessState[];
  readonly entries: readonly Entry[];
  readonly persons: readonly PersonId[];
  readonly grants: readonly GrantId[];
  readonly sessions: readonly { session: SessionId; subject: SubjectId }[];
  readonly fields: readonly FieldName[];
}
interface Moment {
  readonly position: number;
  readonly at: number;
}

/** `person grant session field`, since (size, time), until (size, time), a line each. */
export function couldByForce(world: World, from: Moment, to: Moment): string[] {
  const lines: string[] = [];
  for (const person of world.persons) {
    for (const grant of world.grants) {
      for (const { session } of world.sessions) {
        for (const field of world.fields) {
          const asked = { person, grant, session, fields: [field], records: 1 };
          let since: Moment | undefined;
          for (let position = from.position; position <= to.position; position += 1) {
            const state = world.states[position] as AccessState;
            const at = position === from.position ? from.at : (world.entries[position - 1] as Entry).at;
            const could = decide(state, { ...asked, at }).verdict === 'allow';
            if (could) since ??= { position, at };
            if (since === undefined) continue;
            const line = `${person} ${grant} ${session} ${field} ${since.position} ${since.at}`;
            const runsOutAt = state.grants.get(grant)?.expiresAt ?? Infinity;
            if (!could) {
              lines.push(`${line} ${position} ${Math.min(at, runsOutAt)}`);
              since = undefined;
            } else if (position === to.position) {
              const still = decide(state, { ...asked, at: to.at }).verdict === 'allow';
              lines.push(still ? `${line} still` : `${line} null ${runsOutAt}`);
            }
          }
        }
      }
    }
  }
  return lines.sort();
}

/** `position person session records outcome allowed`, a line each. */
export function didByForce({ states, entries }: World, from: Moment, to: Moment): string[] {
  const between = entries.slice(from.position, to.position);
  return between.flatMap((entry) => {
    if (entry.type !== 'disclosure.made') return [];
    const { grant, session, fields, records } = entry.data;
    const asked = { grant, person: entry.actor as PersonId, session, fields, records, at: entry.at };
    const allowed = decide(states[entry.position] as AccessState, asked).verdict === 'allow';
    const end = between.find((one) => one.type === 'disclosure.completed' && one.data.disclosure === entry.position);
    const { outcome, records: delivered } =
      end?.type === 'disclosure.completed' ? end.data : { outcome: 'unknown', records };
    return [`${entry.position} ${entry.actor} ${session} ${outcome === 'delivered' ? delivered : records} ${outcome} ${allowed}`]; // prettier-ignore
  });
}
