import { cloneDatabase, type TestDatabase } from '../test/postgres/database.js';
import { CheckFailed, type Bench, type Measure } from './scenario.js';

export interface FinishedBench {
  readonly measures: readonly Measure[];
  readonly checks: number;
}

/** Gives a scenario what it works with, and lets its measures out only if it came to its end. */
export async function withBench(run: (bench: Bench) => Promise<void>): Promise<FinishedBench> {
  const databases: TestDatabase[] = [];
  const measures: Measure[] = [];
  let checks = 0;
  const bench: Bench = {
    async database() {
      const database = await cloneDatabase();
      databases.push(database);
      return database;
    },
    report: (measure) => void measures.push(measure),
    check(name, holds) {
      checks += 1;
      if (!holds) throw new CheckFailed(name);
    },
    say: (text) => void process.stderr.write(`  ${text}\n`),
  };
  try {
    await run(bench);
  } finally {
    for (const database of databases) await database.drop().catch(() => undefined);
  }
  if (checks === 0) throw new CheckFailed('a scenario checks its own results');
  if (measures.length === 0) throw new CheckFailed('a scenario measures something');
  return { measures, checks };
}
