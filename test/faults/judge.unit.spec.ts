import { judge, type Attempt, type Content, type Seen } from './judge.js';
import { commandId, type Order } from './order.js';

const order = (number: number, entries = 1): Order => ({ number, shape: 'plain', entries });
const acked = (one: Order, positions: number[], rest: { answer?: unknown; repeated?: boolean } = {}): Attempt => ({
  order: one,
  instance: 'a',
  end: { kind: 'acked', answer: 'first', positions, repeated: false, ...rest },
});
const failed = (one: Order, code: string): Attempt => ({ order: one, instance: 'a', end: { kind: 'failed', code } });
const lost = (one: Order): Attempt => ({ order: one, instance: 'a', end: { kind: 'lost' } });
const mark = (number: number, index = 0, entries = 1) => ({ number, index, entries });

/** A log whose entries are these, with the answers that go with them. */
function holding(...marks: (ReturnType<typeof mark> | undefined)[]): Content {
  const answers = new Map<string, { answer: unknown; positions: number[] }>();
  marks.forEach((one, position) => {
    if (one === undefined) return;
    const kept = answers.get(commandId(order(one.number)))?.positions ?? [];
    answers.set(commandId(order(one.number)), { answer: 'first', positions: [...kept, position] });
  });
  return {
    size: marks.length,
    entries: marks.map((one, position) => ({ position, mark: one })),
    answers,
    rootAt: (size) => `root ${size}`,
    signedAt: (size) => `root ${size}`,
  };
}
const rulesOf = (attempts: Attempt[], content: Content, seen: Seen[] = []) =>
  judge(attempts, seen, content).map(({ rule }) => rule);

/** Jest takes a parameter that is not given for a callback of its own. */
const withSeen = (rows: [string, Attempt[], Content, Seen[]?][]) =>
  rows.map(([rule, attempts, content, seen = []]): [string, Attempt[], Content, Seen[]] => [
    rule,
    attempts,
    content,
    seen,
  ]);

describe('it is a violation', () => {
  it.each<[rule: string, attempts: Attempt[], content: Content, seen: Seen[]]>(withSeen([
    ['acked_lost', [acked(order(1), [0])], { ...holding(undefined), answers: holding(mark(1)).answers }],
    ['acked_lost', [acked(order(1, 2), [0])], { ...holding(mark(1, 0, 2), mark(1, 1, 2)), answers: holding(mark(1)).answers }],
    ['doubled', [lost(order(1))], holding(mark(1), mark(1))],
    ['torn', [lost(order(1, 2))], holding(mark(1, 0, 2))],
    ['torn', [lost(order(1, 2))], holding(mark(1, 1, 2), mark(1, 0, 2))],
    ['torn', [lost(order(1, 2))], holding(mark(1, 0, 2), undefined, mark(1, 1, 2))],
    ['gap', [], { ...holding(undefined), entries: [{ position: 1, mark: undefined }] }],
    ['gap', [], { ...holding(undefined), size: 2 }],
    ['stranger', [], holding(mark(1))],
    ['denied_but_stored', [failed(order(1), 'log_unavailable')], holding(mark(1))],
    ['answer_changed', [acked(order(1), [0]), acked(order(1), [0], { answer: 'other', repeated: true })], holding(mark(1))],
    ['answer_not_kept', [acked(order(1), [0])], { ...holding(mark(1)), answers: new Map() }],
    ['answer_not_kept', [acked(order(1), [0], { answer: 'other' })], holding(mark(1))],
    ['not_repeated', [acked(order(1), [0]), acked(order(1), [0])], holding(mark(1))],
    ['forked', [], holding(), [{ size: 3, root: 'another', from: 'a' }]],
    ['forked', [], { ...holding(), signedAt: () => undefined }, [{ size: 3, root: 'root 3', from: 'a' }]],
    ['undocumented', [failed(order(1), 'TypeError')], holding()],
  ]))('%s', (rule, attempts, content, seen) => expect(rulesOf(attempts, content, seen)).toEqual([rule])); // prettier-ignore

  it('two_roots, whichever of them is in the log', () => {
    const both = [
      { size: 3, root: 'root 3', from: 'a' },
      { size: 3, root: 'another', from: 'b' },
    ];
    expect(rulesOf([], holding(), both)).toEqual(['two_roots', 'forked']);
  });
});

describe('it is none', () => {
  it.each<[what: string, attempts: Attempt[], content: Content]>([
    ['that what was acknowledged is there', [acked(order(1, 2), [0, 1])], holding(mark(1, 0, 2), mark(1, 1, 2))],
    ['that a command is there whose sender died', [lost(order(1))], holding(mark(1))],
    ['that a command is not there whose sender died', [lost(order(1))], holding()],
    ['that a command is there whose outcome was unknown', [failed(order(1), 'outcome_unknown')], holding(mark(1))],
    ['that a command is not there that failed', [failed(order(1), 'log_busy')], holding()],
    ['that a command failed before it succeeded', [failed(order(1), 'log_unavailable'), acked(order(1), [0])], holding(mark(1))],
    ['that a command was answered again', [acked(order(1), [0]), acked(order(1), [0], { repeated: true })], holding(mark(1))],
  ])('%s', (_what, attempts, content) => expect(rulesOf(attempts, content)).toEqual([])); // prettier-ignore
});
