import type { EntryData } from '../log/entries.js';
import type { Entry } from '../log/header.js';
import type { IncidentId, Position } from '../log/ids.js';
import { closeIncident, incidentSlice, noteIncident, openIncident, type Incidents } from './incident.js';

const one = 'aaaaaaaa-0000-4000-8000-000000000001' as IncidentId;
const opened = { incident: one, title: 'A leak', reason: 'somebody could read', from: 3 };
const note = (about: number[] = []): EntryData['incident.noted'] => ({ incident: one, kind: 'finding', text: 'found', about }); // prettier-ignore
const closing = { incident: one, decision: 'all are told' };

/** What the decisions write, folded at these positions from 10 on. */
function after(...decisions: ((state: Incidents) => ReturnType<typeof openIncident>)[]): Incidents {
  return decisions.reduce((state, decide, index) => {
    const { entries } = decide(state);
    return entries.reduce(
      (so, { type, stream, data }) =>
        incidentSlice.evolve(
          so,
          { type, stream, data, position: (10 + index) as Position, at: 1000 + index, actor: 'ola' } as Entry,
          () => undefined as never,
        ),
      state,
    );
  }, incidentSlice.empty);
}
const open = () => openIncident(opened);
const noted = (state: Incidents) => noteIncident(state, note([4]), { size: 11 });
const closed = (state: Incidents) => closeIncident(state, closing);

describe('an incident takes nothing more', () => {
  it('if nobody has opened it', () => {
    expect(noteIncident(after(), note(), { size: 9 })).toEqual({ entries: [], answer: { kind: 'incident_unknown' } });
    expect(closeIncident(after(), closing)).toEqual({ entries: [], answer: { kind: 'incident_unknown' } });
  });

  it('once it is closed, and what is forced in changes nothing', () => {
    const state = after(open, closed);
    for (const outcome of [noteIncident(state, note(), { size: 20 }), closeIncident(state, closing)])
      expect(outcome).toEqual({ entries: [], answer: { kind: 'incident_closed' } });
    const forced = { type: 'incident.noted', data: note(), position: 30, at: 1, actor: 'eve' } as unknown as Entry;
    expect(incidentSlice.evolve(state, forced, () => undefined as never)).toBe(state);
  });

  it('about an entry that there is not yet, and takes it about the last one that there is', () => {
    const state = after(open);
    expect(noteIncident(state, note([11]), { size: 11 }).answer).toEqual({ kind: 'position_unknown', size: 11 });
    expect(noteIncident(state, note([10]), { size: 11 }).answer).toEqual({ kind: 'written', incident: one });
  });
});

describe('a stolen service that writes an incident', () => {
  const forced = (state: Incidents, type: string, data: object) =>
    incidentSlice.evolve(state, { type, data, position: 12, at: 5, actor: 'eve' } as never, () => undefined as never);

  it.each([
    ['closed before anybody closed it', { closed: { decision: 'nothing was found', by: 'ola', at: 1, position: 1 } }],
    ['of entries that there are not yet', { to: 13 }],
    ['of a part of the past that runs backwards', { from: 3, to: 2 }],
    ['with a title that goes on in the lines below', { title: 'A leak\nVerified' }],
    ['with a reason that is none', { reason: { toString: 1 } }],
  ])('%s writes nothing', (_what, said) => {
    expect(forced(after(), 'incident.opened', { ...opened, ...said }).size).toBe(0);
    expect(forced(after(), 'incident.opened', { ...opened, to: 12 }).size).toBe(1);
  });

  it.each([
    ['by another person than its entry', { by: 'ola' }],
    ['at another position', { position: 4 }],
    ['about what no entry is', { about: ['4'] }],
    ['about an entry that there is not yet', { about: [12] }],
    ['without a kind', { kind: 'x' }],
  ])('notes nothing %s', (_what, said) => {
    const state = after(open);
    expect(forced(state, 'incident.noted', { ...note(), ...said })).toBe(state);
    expect(forced(state, 'incident.noted', note([11]))).not.toBe(state);
  });

  it('does not close it with more than a decision', () => {
    const state = after(open);
    expect(forced(state, 'incident.closed', { ...closing, decision: 7 })).toBe(state);
    expect(forced(state, 'incident.closed', { ...closing, incident: 'x' })).toBe(state);
  });
});

it('an incident is what its entries say, and opening it again changes nothing', () => {
  const by = { by: 'ola', position: 10, at: 1000 };
  const notes = [{ kind: 'finding', text: 'found', about: [4], by: 'ola', position: 11, at: 1001 }];
  const ended = { position: 13, at: 1003, by: 'ola', decision: 'all are told' };
  expect(after(open, noted, open, closed).toJS()).toEqual({ [one]: { ...opened, ...by, notes, closed: ended } });
});
