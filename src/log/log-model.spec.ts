import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../problem.js';
import { VersionConflict } from './decide-group.js';

/** What is asked of a log, in the words of the model. */
export interface Asked {
  readonly id: string;
  readonly intent: string;
  /** A stream for each entry. */
  readonly streams: readonly string[];
  /** Of the first entry; undefined if the writer does not depend on it. */
  readonly expectedVersion: number | undefined;
}

/** The decision's answer: where it was made, and how many consents it knew of. */
export interface Answer {
  readonly size: number;
  readonly consents: number;
}
export type Ended =
  | {
      readonly kind: 'done';
      readonly answer: Answer;
      readonly positions: readonly number[];
      readonly repeated: boolean;
    }
  | { readonly kind: 'failed'; readonly error: unknown };

/** The log as anyone would write it down: a list. Slow, short, and on one thread. */
export class LogModel {
  /** Position 0 says that the log was opened. */
  readonly entries: { stream: string; version: number }[] = [{ stream: 'log', version: 0 }];
  private readonly answered = new Map<string, { asked: Asked; answer: Answer; positions: readonly number[] }>();

  get size(): number {
    return this.entries.length;
  }

  version(stream: string): number {
    return this.entries.filter((entry) => entry.stream === stream).length;
  }

  ofStream(stream: string): readonly number[] {
    return this.entries.flatMap((entry, position) => (entry.stream === stream ? [position] : []));
  }

  get commands(): readonly Asked[] {
    return [...this.answered.values()].map(({ asked }) => asked);
  }

  /**
   * Takes in what was asked at the same time, by any instance, and how each ended. There must be an order in which
   * one after the other gives exactly these ends: the positions say which.
   * @throws AssertionError where there is none.
   */
  takeIn(all: readonly { asked: Asked; ended: Ended }[]): void {
    const before = this.size;
    const wrote = all.flatMap(({ asked, ended }) =>
      ended.kind === 'done' && !ended.repeated ? [{ asked, ended }] : [],
    );
    const states: LogModel[] = [this.copy()];
    for (const { asked, ended } of [...wrote].sort(
      (a, b) => (a.ended.positions[0] ?? 0) - (b.ended.positions[0] ?? 0),
    )) {
      this.write(asked, ended);
      states.push(this.copy());
    }
    assert.equal(this.size, before + wrote.reduce((sum, { asked }) => sum + asked.streams.length, 0));
    for (const { asked, ended } of all) {
      if (ended.kind === 'done' && ended.repeated) this.checkRepeated(asked, ended);
      if (ended.kind === 'failed') this.checkFailed(asked, ended.error, states);
    }
  }

  private write(asked: Asked, { answer, positions }: Extract<Ended, { kind: 'done' }>): void {
    const at = { size: this.size, consents: this.size - 1 };
    assert.deepEqual(answer, at, 'the decision was made on the state at exactly its position');
    assert.deepEqual(
      [...positions],
      asked.streams.map((_, index) => this.size + index),
      'the next positions, in order',
    );
    assert.ok(!this.answered.has(asked.id), 'a command was written twice');
    const { expectedVersion, streams } = asked;
    if (expectedVersion !== undefined)
      assert.equal(expectedVersion, this.version(streams[0] ?? ''), 'a version that had passed');
    for (const stream of streams) this.entries.push({ stream, version: this.version(stream) });
    this.answered.set(asked.id, { asked, answer, positions });
  }

  private checkRepeated(asked: Asked, { answer, positions }: Extract<Ended, { kind: 'done' }>): void {
    const first = this.answered.get(asked.id);
    assert.ok(first?.asked.intent === asked.intent, 'a repetition of something that was not asked before');
    assert.deepEqual(
      [answer, [...positions]],
      [first.answer, [...first.positions]],
      'another answer than the first time',
    );
  }

  /** A failure must have been right at some moment while the command was under way. */
  private checkFailed(asked: Asked, error: unknown, states: readonly LogModel[]): void {
    if (error instanceof VersionConflict) {
      const stream = asked.streams[0] ?? '';
      assert.ok(
        states.some((state) => state.version(stream) !== asked.expectedVersion),
        'a conflict at the right version',
      );
    } else {
      assert.ok(isDeepStrictEqual(error, new Problem('command_reused')), `it failed: ${String(error)}`);
      const first = this.answered.get(asked.id);
      assert.ok(first !== undefined && first.asked.intent !== asked.intent, 'an intent refused that was the first');
    }
  }

  private copy(): LogModel {
    const copy = new LogModel();
    copy.entries.splice(0, 1, ...this.entries);
    return copy;
  }
}
