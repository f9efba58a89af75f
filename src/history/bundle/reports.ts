import { z } from 'zod';
import { accessKey } from '../../access/access-state.js';
import { auditEntry } from '../../access/audit-entry.js';
import type { Policy } from '../../access/policy.js';
import { reachBetween } from '../../access/reach-effect.js';
import type { Finding } from '../../log/checks.js';
import { governs, type Actor, type EntryType } from '../../log/entries.js';
import type { Governance } from '../../log/governance.js';
import type { Entry, EntryOf } from '../../log/header.js';
import type { IncidentId } from '../../log/ids.js';
import { Problem } from '../../problem.js';
import { changeBy, type Change } from '../change.js';
import { Exposure } from '../exposure.js';
import type { HistoryDiffAnswer } from '../history-diff.js';
import type { ExposureAnswer } from '../history-exposure.js';
import { incidentKey, type Incident } from '../incident.js';
import type { Place } from '../moment.js';
import { Timeline, type TimelineEntry } from '../timeline.js';

type Spot = Omit<Place, 'checkpoint'>;
interface Span {
  readonly from: Spot;
  readonly to: Spot;
}

export interface Reports {
  readonly incident: Incident & {
    /** The entries that its notes speak of; of a report all that it says. */
    readonly about: readonly Linked[];
    /** What by the rules should not stand in the log, and does. */
    readonly findings: readonly Finding[];
  };
  readonly exposure: Span & Omit<ExposureAnswer, 'from' | 'to' | 'ifPolicy' | 'next'>;
  readonly diff: Span & Omit<HistoryDiffAnswer, 'from' | 'to'>;
  /** Of all that happened from the first moment in question to the end of the bundle: what was done about it, too. */
  readonly timeline: { readonly from: number; readonly to: number; readonly entries: readonly TimelineEntry[] };
  /** In force at the first moment, and each that came into force after it. */
  readonly policies: readonly { readonly since: number; readonly hash: string; readonly policy: Policy }[];
}

interface Linked {
  readonly position: number;
  readonly at: number;
  readonly type: EntryType;
  readonly by: Actor;
  readonly says?: EntryOf<'containment.reported' | 'assurance.reported'>['data'];
}

/** Rows of one report: all of them are held, and written out. */
const mostRows = 100_000;

/**
 * The reports of an incident, from its entries alone: the same folds that answer `custos history`. Pure, so whoever has
 * the entries comes to the same reports. @throws Problem incident_unknown, position_unknown, range_too_large
 */
export function reportsOf(id: IncidentId, entries: readonly Entry[], empty: Governance): Reports {
  const size = (entries.at(-1)?.position ?? -1) + 1;
  const places = new Map(entries.map((entry) => [entry.position as number, entry]));
  const opened = entries.find((entry) => entry.type === 'incident.opened' && entry.data.incident === id);
  if (opened?.type !== 'incident.opened') throw new Problem('incident_unknown');
  const { from: first, to: last = size } = opened.data;
  const [from, to] = [spotOf(places, first), spotOf(places, last)];

  const timeline = new Timeline({ all: true });
  const changes: Change[] = [];
  const findings: Finding[] = [];
  const policies: Reports['policies'][number][] = [];
  let exposure: Exposure | undefined;
  let [state, atFrom, atTo] = [empty, empty, empty];
  const window = { after: 0, limit: mostRows };
  for (const entry of entries) {
    const before = state;
    state = governs[entry.type] ? before.evolve(entry) : before;
    if (entry.position < first) atFrom = state;
    if (entry.position < last) atTo = state;
    const wrong = auditEntry(before, entry, state);
    if (wrong !== undefined) findings.push({ position: entry.position, check: wrong });
    if (entry.position < first) continue;
    timeline.add(entry, state.of(accessKey));
    if (policies.length === 0) policies.push(policyIn(before, first));
    if (before.of(accessKey).policy !== state.of(accessKey).policy) policies.push(policyIn(state, entry.position + 1));
    if (entry.position >= last) continue;
    exposure ??= new Exposure({ from, filter: {}, window }, before.of(accessKey));
    exposure.add(before.of(accessKey), entry, state.of(accessKey));
    const change = changeBy(before, entry, state);
    if (change !== undefined) changes.push(change);
  }
  exposure ??= new Exposure({ from, filter: {}, window }, atTo.of(accessKey));
  const { summary, rows, next } = exposure.end(to);
  if (next !== null || changes.length > mostRows || timeline.entries.length > mostRows)
    throw new Problem('range_too_large', { limit: mostRows });
  const incident = state.of(incidentKey).get(id);
  if (incident === undefined) throw new Problem('incident_unknown');
  const effect = reachBetween({ state: atFrom.of(accessKey), at: from.at }, { state: atTo.of(accessKey), at: to.at });
  return {
    incident: { ...incident, about: aboutOf(incident).map((position) => linked(places, position)), findings },
    exposure: { from, to, summary, rows },
    diff: { from, to, changes, ...effect },
    timeline: { from: first, to: size, entries: timeline.entries },
    policies,
  };
}

/** The entries that the notes of an incident speak of, in order, each once. */
export const aboutOf = ({ notes }: Pick<Incident, 'notes'>): number[] =>
  [...new Set(notes.flatMap(({ about }) => about))].sort((a, b) => a - b);

/** As `moment.ts` has it of a size: expiry is judged at the time of the last of these entries. */
const spotOf = (places: ReadonlyMap<number, Entry>, position: number): Spot => ({
  position,
  at: position === 0 ? 0 : placed(places, position - 1).at,
});

function linked(places: ReadonlyMap<number, Entry>, position: number): Linked {
  const entry = placed(places, position);
  const { at, type, actor: by } = entry;
  const isReport = entry.type === 'containment.reported' || entry.type === 'assurance.reported';
  return { position, at, type, by, ...(isReport && Report.safeParse(entry.data).success ? { says: entry.data } : {}) };
}

/** What is shown of one. An entry that has it otherwise says nothing. */
const Report = z.union([
  z.object({ probed: z.int().min(0), open: z.int().min(0) }),
  z.object({ ok: z.boolean(), items: z.array(z.object({ item: z.string(), ok: z.boolean() })) }),
]);

function placed(places: ReadonlyMap<number, Entry>, position: number): Entry {
  const entry = places.get(position);
  if (entry === undefined) throw new Problem('position_unknown', { position });
  return entry;
}

function policyIn(state: Governance, since: number): Reports['policies'][number] {
  const { policy, policyHash: hash } = state.of(accessKey);
  return { since, hash, policy };
}
