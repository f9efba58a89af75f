import { nameOf } from './deck.js';
import { Matrix } from './matrix.js';
import { mutations, type Mutation } from './mutations.js';

/** Breaks the service on purpose, in each of the ways that there are. Returns how many the matrix did not find. */
export async function selfTest(say: (text: string) => void): Promise<number> {
  let missed = 0;
  for (const mutation of mutations) {
    const found = await firstFound(mutation);
    if (found.by === undefined) missed += 1;
    say(
      `${found.by === undefined ? 'NOT FOUND' : 'found'}: ${mutation.name} (${found.by ?? ''} round ${found.rounds})`,
    );
  }
  return missed;
}

async function firstFound(mutation: Mutation): Promise<{ by: string | undefined; rounds: number }> {
  const matrix = await Matrix.start({ mutation });
  try {
    const own = (await matrix.faults()).filter(
      ({ scenario, kind }) => scenario === mutation.scenario && kind === mutation.kind,
    );
    for (const fault of own) {
      const [violation] = await matrix.burst([fault]);
      if (violation !== undefined)
        return { by: `${violation.rule} at '${nameOf(fault)}',`, rounds: matrix.tally.rounds };
    }
    return { by: undefined, rounds: matrix.tally.rounds };
  } finally {
    await matrix.end();
  }
}
