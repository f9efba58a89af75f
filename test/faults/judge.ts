import { isDeepStrictEqual } from 'node:util';
import { commandId, type Order } from './order.js';

/** How one sending of an order ended, as whoever sent it knows. */
export type End =
  | {
      readonly kind: 'acked';
      readonly answer: unknown;
      readonly positions: readonly number[];
      readonly repeated: boolean;
    }
  | { readonly kind: 'failed'; readonly code: string }
  /** The instance died first. */
  | { readonly kind: 'lost' };

export interface Attempt {
  readonly order: Order;
  readonly instance: string;
  readonly end: End;
}

/** A signed checkpoint that some instance gave out. */
export interface Seen {
  readonly size: number;
  readonly root: string;
  readonly from: string;
}

/** What the database holds, read past the log. */
export interface Content {
  readonly size: number;
  /** In order of their positions. */
  readonly entries: readonly { readonly position: number; readonly mark: Mark | undefined }[];
  /** The answers kept for commands, by command id. */
  readonly answers: ReadonlyMap<string, { readonly answer: unknown; readonly positions: readonly number[] }>;
  /** Root of the tree over the first `size` entries, recomputed from the headers. */
  rootAt(size: number): string | undefined;
  /** Root that the checkpoint stored for that size was signed over. */
  signedAt(size: number): string | undefined;
}
interface Mark {
  readonly number: number;
  readonly index: number;
  readonly entries: number;
}

export interface Violation {
  readonly rule: Rule;
  readonly what: string;
}

const rules = {
  acked_lost: 'what was acknowledged is in the log, at its positions',
  doubled: 'no command is in the log twice',
  torn: 'a command is in the log whole or not at all',
  gap: 'positions have no gap',
  stranger: 'nothing is in the log that nobody sent',
  denied_but_stored: 'a command whose every sending failed for certain is not in the log',
  answer_changed: 'the same command gets the same answer',
  answer_not_kept: 'the answer kept is the one that was given',
  not_repeated: 'one sending of a command is the first, and all others are told that they repeat',
  two_roots: 'no two checkpoints of one size have different roots',
  forked: 'every checkpoint given out is one of the tree as it is now',
  receipt_refused: 'every receipt given out is verified offline',
  undocumented: 'an append fails with a documented code',
  hung: 'every append ends',
  head_stuck: 'nobody holds the head for long',
  crashed: 'an instance does not end by itself',
  state_differs: 'the state of an instance is the fold of the log',
  not_verified: 'the log verifies',
  not_recovered: 'after the fault every command can be sent again until it is acknowledged',
  point_missed: 'the point of the traced run is reached again',
} as const;
export type Rule = keyof typeof rules;
export const ruleText = (rule: Rule): string => rules[rule];

/** Codes that promise: nothing was stored. `outcome_unknown` promises nothing. */
const certain = new Set(['log_unavailable', 'log_busy']);
const documented = new Set([...certain, 'outcome_unknown']);

/** Everything that the attempts and the log contradict each other in. Pure: what is wrong here can be tested. */
export function judge(attempts: readonly Attempt[], seen: readonly Seen[], content: Content): Violation[] {
  return [
    ...judgePositions(content),
    ...judgeCommands(content, attempts),
    ...attempts.flatMap((attempt) => judgeAttempt(attempt, content)),
    ...judgeAnswers(attempts, content),
    ...judgeCheckpoints(seen, content),
  ];
}

function judgePositions({ size, entries }: Content): Violation[] {
  const wrong = entries.findIndex(({ position }, index) => position !== index);
  if (wrong >= 0) return [{ rule: 'gap', what: `entry ${wrong} has position ${entries[wrong]?.position}` }];
  return entries.length === size ? [] : [{ rule: 'gap', what: `${entries.length} entries in a log of size ${size}` }];
}

/** Each command that is there: once, all of it, end to end, and of somebody who was not told otherwise. */
function judgeCommands({ entries }: Content, attempts: readonly Attempt[]): Violation[] {
  const found = new Map<number, { position: number; mark: Mark }[]>();
  for (const { position, mark } of entries) {
    if (mark !== undefined) found.set(mark.number, [...(found.get(mark.number) ?? []), { position, mark }]);
  }
  const sent = byNumber(attempts);
  return [...found].flatMap(([number, own]): Violation[] => {
    const what = `command ${number} at ${own.map(({ position }) => position).join(', ')}`;
    const ends = sent.get(number)?.map(({ end }) => end);
    const first = own[0] as { position: number; mark: Mark };
    if (ends === undefined) return [{ rule: 'stranger', what }];
    if (own.length > first.mark.entries) return [{ rule: 'doubled', what }];
    const whole = own.every(({ position, mark }, index) => mark.index === index && position === first.position + index);
    if (!whole || own.length < first.mark.entries) return [{ rule: 'torn', what }];
    const denied = ends.every((end) => end.kind === 'failed' && certain.has(end.code));
    return denied ? [{ rule: 'denied_but_stored', what }] : [];
  });
}

function judgeAttempt({ order, instance, end }: Attempt, { entries }: Content): Violation[] {
  const what = `command ${order.number} by ${instance}`;
  if (end.kind === 'failed')
    return documented.has(end.code) ? [] : [{ rule: 'undocumented', what: `${what}: ${end.code}` }];
  if (end.kind === 'lost') return [];
  const there =
    end.positions.length === order.entries &&
    end.positions.every((position, index) => {
      const mark = entries[position]?.mark;
      return mark?.number === order.number && mark.index === index;
    });
  return there ? [] : [{ rule: 'acked_lost', what: `${what}, acknowledged at ${end.positions.join(', ')}` }];
}

function judgeAnswers(attempts: readonly Attempt[], { answers }: Content): Violation[] {
  return [...byNumber(attempts)].flatMap(([number, sendings]): Violation[] => {
    const acked = sendings.flatMap(({ end }) => (end.kind === 'acked' ? [end] : []));
    const [first] = acked;
    const order = sendings[0]?.order;
    if (first === undefined || order === undefined) return [];
    const what = `command ${number}`;
    const same = (other: { answer: unknown; positions: readonly number[] }) =>
      isDeepStrictEqual([other.answer, [...other.positions]], [first.answer, [...first.positions]]);
    const kept = answers.get(commandId(order));
    return [
      ...(acked.every(same) ? [] : [{ rule: 'answer_changed' as const, what }]),
      ...(kept !== undefined && same(kept) ? [] : [{ rule: 'answer_not_kept' as const, what }]),
      ...(acked.filter(({ repeated }) => !repeated).length <= 1 ? [] : [{ rule: 'not_repeated' as const, what }]),
    ];
  });
}

function judgeCheckpoints(seen: readonly Seen[], { rootAt, signedAt }: Content): Violation[] {
  const first = new Map<number, Seen>();
  return seen.flatMap((one): Violation[] => {
    const before = first.get(one.size) ?? one;
    first.set(one.size, before);
    const what = `size ${one.size}, from ${before.from} and ${one.from}`;
    return [
      ...(before.root === one.root ? [] : [{ rule: 'two_roots' as const, what }]),
      ...(rootAt(one.size) === one.root && signedAt(one.size) === one.root ? [] : [{ rule: 'forked' as const, what }]),
    ];
  });
}

function byNumber(attempts: readonly Attempt[]): Map<number, Attempt[]> {
  const groups = new Map<number, Attempt[]>();
  for (const attempt of attempts) {
    const { number } = attempt.order;
    const group = groups.get(number);
    if (group === undefined) groups.set(number, [attempt]);
    else group.push(attempt);
  }
  return groups;
}
