import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Slice } from './governance.js';
import { decodeHeader } from './header.js';
import type { CommandId, PersonId, SubjectId } from './ids.js';
import type { Log } from './log.js';
import { LogModel, type Answer, type Asked, type Ended } from './log-model.spec.js';
import { TestLog } from './test-log.spec.js';
import { writeCommand } from './write-command.js';

/**
 * Two instances on one database do what one simple list does, whoever is asked, in whatever order, one at a time or
 * at once. A failure prints the shortest sequence that was found, with the seed and path that replay it.
 */
const runs = 15;
const stepsARun = 25;

const consents: Slice<number> = {
  key: { slice: 'consents' },
  empty: 0,
  evolve: (state, entry) => (entry.type === 'consent.changed' ? state + 1 : state),
};

type Which = 0 | 1;
class Pair {
  readonly logs: [Log, Log];
  constructor(private readonly test: TestLog) {
    this.logs = [test.log, test.instance()];
  }

  async restart(which: Which): Promise<void> {
    await this.logs[which].close();
    this.logs[which] = this.test.instance();
    await this.logs[which].start();
  }

  ask(which: Which, { id, intent, streams, expectedVersion }: Asked): Promise<Ended> {
    const command = writeCommand(id as CommandId, 'tester' as PersonId, intent);
    const entries = streams.map((stream, index) => ({
      type: 'consent.changed' as const,
      stream,
      subject: 's1' as SubjectId,
      data: { consent: 'given' as const },
      ...(index === 0 && expectedVersion !== undefined ? { expectedVersion } : {}),
    }));
    return this.logs[which]
      .append<Answer>(command, (head) => ({ entries, answer: { size: head.size, consents: head.of(consents.key) } }))
      .then(
        ({ answer, positions, repeated }) => ({ kind: 'done' as const, answer, positions, repeated }),
        (error: unknown) => ({ kind: 'failed' as const, error }),
      );
  }
}

/** What the database holds is what the model holds, as either instance reads it. */
async function compare(model: LogModel, { logs }: Pair, which: Which): Promise<void> {
  const { reader } = logs[which];
  assert.equal((await reader.head()).size, model.size);
  const rows = await reader.headers(0, model.size + 1);
  const found = rows.map(({ position, header }) => {
    const entry = decodeHeader(header);
    return { position, at: entry.position, stream: entry.stream, version: entry.version };
  });
  assert.deepEqual(
    found,
    model.entries.map((entry, position) => ({ position, at: position, ...entry })),
  );
}

type Step = fc.AsyncCommand<LogModel, Pair>;
let commands = 0;
/** `nth` counts from the newest command, so that a shrunk run still speaks of one that it has. */
const earlier = (model: LogModel, nth: number): Asked | undefined =>
  model.commands.at(-1 - (nth % model.commands.length));

interface Wish {
  readonly which: Which;
  readonly streams: readonly string[];
  /** Off from the stream's version by so much; undefined for a writer that does not depend on it. */
  readonly off: number | undefined;
  readonly again: number | undefined;
  readonly otherIntent: boolean;
  /** The same command is sent to both instances at once. */
  readonly both: boolean;
  readonly afterMs: number;
}

/** From what is wished to what is asked, given what is there. */
function askedFor(model: LogModel, { streams, off, again, otherIntent }: Wish): Asked {
  const before = again === undefined ? undefined : earlier(model, again);
  if (before !== undefined) return otherIntent ? { ...before, intent: `not ${before.intent}` } : before;
  const id = `command-${(commands += 1)}`;
  const expectedVersion = off === undefined ? undefined : Math.max(0, model.version(streams[0] ?? '') + off);
  return { id, intent: id, streams, expectedVersion };
}

class Ask implements Step {
  constructor(readonly wishes: readonly Wish[]) {}
  check = () => true;
  async run(model: LogModel, pair: Pair): Promise<void> {
    const sent = this.wishes.flatMap((wish) => {
      const asked = askedFor(model, wish);
      const other = (1 - wish.which) as Which;
      return (wish.both ? [wish.which, other] : [wish.which]).map((which) => ({ which, asked, afterMs: wish.afterMs }));
    });
    const ends = await Promise.all(
      sent.map(async ({ which, asked, afterMs }) => {
        if (afterMs > 0) await sleep(afterMs);
        return { asked, ended: await pair.ask(which, asked) };
      }),
    );
    model.takeIn(ends);
    await compare(model, pair, (this.wishes[0] as Wish).which);
  }
  toString = () => `ask(${JSON.stringify(this.wishes)})`;
}

class Refresh implements Step {
  constructor(readonly which: Which) {}
  check = () => true;
  async run(model: LogModel, { logs }: Pair): Promise<void> {
    const state = await logs[this.which].refreshed();
    assert.deepEqual(
      { size: logs[this.which].size, consents: state.of(consents.key) },
      { size: model.size, consents: model.size - 1 },
    );
  }
  toString = () => `refresh(${this.which})`;
}

class ReadStream implements Step {
  constructor(
    readonly which: Which,
    readonly stream: string,
    readonly from: number,
  ) {}
  check = () => true;
  async run(model: LogModel, { logs }: Pair): Promise<void> {
    const entries = await logs[this.which].reader.stream(this.stream, { from: this.from });
    assert.deepEqual(
      entries.map(({ position }) => position),
      model.ofStream(this.stream).slice(this.from),
    );
  }
  toString = () => `stream(${this.which}, ${this.stream}, from ${this.from})`;
}

class ReadFrom implements Step {
  constructor(
    readonly which: Which,
    readonly from: number,
    readonly limit: number,
  ) {}
  check = () => true;
  async run(model: LogModel, { logs }: Pair): Promise<void> {
    const rows = await logs[this.which].reader.headers(this.from, this.limit);
    const all = model.entries.map((_, position) => position);
    assert.deepEqual(
      rows.map(({ position }) => position),
      all.slice(this.from, this.from + this.limit),
    );
  }
  toString = () => `read(${this.which}, ${this.from}, ${this.limit})`;
}

class StateAt implements Step {
  constructor(
    readonly which: Which,
    readonly size: number,
  ) {}
  check = (model: Readonly<LogModel>) => this.size <= model.size;
  async run(_model: LogModel, { logs }: Pair): Promise<void> {
    const state = await logs[this.which].stateAtSize(this.size);
    assert.equal(state.of(consents.key), Math.max(0, this.size - 1));
  }
  toString = () => `stateAt(${this.which}, ${this.size})`;
}

class Restart implements Step {
  constructor(readonly which: Which) {}
  check = () => true;
  run = (_model: LogModel, pair: Pair) => pair.restart(this.which);
  toString = () => `restart(${this.which})`;
}

const which = fc.constantFrom<Which>(0, 1);
const stream = fc.constantFrom('subject/1', 'subject/2', 'subject/3');
const rarely = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 3 }, { arbitrary: one, weight: 1 });
const wish: fc.Arbitrary<Wish> = fc.record({
  which,
  streams: fc.array(stream, { minLength: 1, maxLength: 3 }),
  off: fc.option(fc.constantFrom(0, 0, 0, -1, 1), { nil: undefined, freq: 2 }),
  again: rarely(fc.nat(5)),
  otherIntent: fc.boolean(),
  both: fc.boolean(),
  afterMs: fc.constantFrom(0, 0, 1, 3),
});
const steps = fc.commands(
  [
    fc.array(wish, { minLength: 1, maxLength: 1 }).map((wishes) => new Ask(wishes)),
    fc.array(wish, { minLength: 2, maxLength: 12 }).map((wishes) => new Ask(wishes)),
    which.map((one) => new Refresh(one)),
    fc.tuple(which, stream, fc.nat(4)).map((all) => new ReadStream(...all)),
    fc.tuple(which, fc.nat(30), fc.integer({ min: 1, max: 20 })).map((all) => new ReadFrom(...all)),
    fc.tuple(which, fc.nat(30)).map((all) => new StateAt(...all)),
    which.map((one) => new Restart(one)),
  ],
  { maxCommands: stepsARun },
);

describe('two instances of the log', () => {
  it('do together what one list does', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (commands) => {
        const test = await TestLog.open([consents]);
        try {
          const pair = new Pair(test);
          await pair.logs[1].start();
          await fc.asyncModelRun(() => ({ model: new LogModel(), real: pair }), commands);
          expect(await test.verify()).toMatchObject({ ok: true, problems: [] });
        } finally {
          await test.close();
        }
      }),
      { numRuns: runs },
    );
  }, 300_000);
});
