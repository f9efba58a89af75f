import type { TestDatabase } from '../test/postgres/database.js';

/** One question, the sizes at which it is asked, and how the answer is found. The file's name is the scenario's. */
export interface Scenario<P> {
  /** What is measured against what, in one sentence. */
  readonly sentence: string;
  readonly presets: Readonly<Record<'quick' | 'full', P>> & Readonly<Partial<Record<'large', P>>>;
  run(bench: Bench, preset: P): Promise<void>;
}
export type PresetName = 'quick' | 'full' | 'large';

/** Only for the compiler: it ties the presets to what `run` takes. */
export const scenario = <P>(one: Scenario<P>): Scenario<P> => one;

export interface Measure {
  readonly measure: string;
  readonly value: number;
  readonly unit: string;
  /** What the same was in the same run without us, in the same unit. */
  readonly against?: { readonly name: string; readonly value: number };
}

/** What a scenario works with. */
export interface Bench {
  /** An empty, migrated database on a real, durable server; all of them are gone after the scenario. */
  database(): Promise<TestDatabase>;
  /** Kept back until every check has held: a wrong result has no number. */
  report(measure: Measure): void;
  /** @throws CheckFailed. `name` says what must hold, as a sentence. */
  check(name: string, holds: boolean): void;
  /** A line for whoever waits, on standard error. */
  say(text: string): void;
}

export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}
