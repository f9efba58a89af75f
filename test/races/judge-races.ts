import type { Entry, EntryOf } from '../../src/log/header.js';
import type { GrantId, Position } from '../../src/log/ids.js';

/** A moment in the one process that all racers share: what has a lower number happened before. */
export type Moment = number;

/** What must end releases, or the storing of records, from its position on. */
export interface Stop {
  readonly kind: string;
  readonly position: Position;
  /** Whoever sent it had its answer. */
  readonly answered: Moment;
  /** It was lifted again: the lifting began, and took force here. */
  readonly lifted?: { readonly began: Moment; readonly position: Position };
  readonly covers: (entry: Entry) => boolean;
}

/** Plaintext that a keyholder handed out. */
export interface Release {
  readonly disclosure: Position;
  /** When each of its batches was asked for. */
  readonly asked: readonly Moment[];
}

export interface Raced {
  /** The whole log. */
  readonly entries: readonly Entry[];
  readonly stops: readonly Stop[];
  readonly releases: readonly Release[];
  /** Written past `decide`, as a stolen service would. */
  readonly forged: ReadonlySet<Position>;
}

export interface Violation {
  readonly rule: keyof typeof rules;
  readonly what: string;
}

const rules = {
  released_above: 'nothing is released whose disclosure stands above what stops it',
  released_after: 'nothing is released that was asked for after the answer to what stops it',
  written_above: 'no service that decides writes above what it would have to deny for',
  over_budget: 'no grant gives more than its budget',
  opened_twice: 'a disclosure opens once',
  not_in_log: 'nothing is released without its entry',
} as const;
export const ruleText = (rule: Violation['rule']): string => rules[rule];

/** What the races came to, by the entries and by what left the keyholders alone: `decide` is not asked. */
export function judgeRaces({ entries, stops, releases, forged }: Raced): Violation[] {
  const found: Violation[] = [];
  const say = (rule: Violation['rule'], what: string) => void found.push({ rule, what });
  const made = new Map(entries.flatMap((one) => (one.type === 'disclosure.made' ? [[one.position, one]] : [])));

  for (const { disclosure, asked } of releases) {
    const entry = made.get(disclosure);
    if (entry === undefined) {
      say('not_in_log', `${disclosure}`);
      continue;
    }
    for (const stop of stops.filter(({ covers }) => covers(entry))) {
      if (isAbove(entry, stop)) say('released_above', `${disclosure} above ${stop.kind} ${stop.position}`);
      if (asked.some((at) => isAfter(at, stop))) say('released_after', `${disclosure} after ${stop.kind}`);
    }
  }
  const released = releases.map(({ disclosure }) => disclosure);
  if (new Set(released).size < released.length) say('opened_twice', `${released.length} releases`);
  for (const entry of entries) {
    if ((entry.type !== 'disclosure.made' && entry.type !== 'session.batch') || forged.has(entry.position)) continue;
    for (const stop of stops) {
      const isWrong = stop.covers(entry) && isAbove(entry, stop);
      if (isWrong) say('written_above', `${entry.type} ${entry.position} above ${stop.kind} ${stop.position}`);
    }
  }
  const honest = [...made.values()].filter(({ position }) => !forged.has(position));
  const opened = released.flatMap((position) => made.get(position) ?? []);
  for (const charged of [honest, opened]) for (const grant of overspent(entries, charged)) say('over_budget', grant);
  return found;
}

const isAbove = ({ position }: Entry, stop: Stop): boolean =>
  position > stop.position && position < (stop.lifted?.position ?? Infinity);
const isAfter = (at: Moment, stop: Stop): boolean => at > stop.answered && at < (stop.lifted?.began ?? Infinity);

function overspent(entries: readonly Entry[], charged: readonly EntryOf<'disclosure.made'>[]): GrantId[] {
  const spent = new Map<string, { records: number; disclosures: number }>();
  for (const { data } of charged) {
    const { records, disclosures } = spent.get(data.grant) ?? { records: 0, disclosures: 0 };
    spent.set(data.grant, { records: records + data.records, disclosures: disclosures + 1 });
  }
  return entries.flatMap((one) => {
    if (one.type !== 'request.made') return [];
    const { budget } = one.data.scope;
    const { records, disclosures } = spent.get(one.data.request) ?? { records: 0, disclosures: 0 };
    const isOver = records > budget.records || disclosures > budget.disclosures;
    return isOver ? [one.data.request as string as GrantId] : [];
  });
}
