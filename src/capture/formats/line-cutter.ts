import { Problem } from '../../problem.js';
import type { Cutter } from './cutter.js';
import type { CutRecord } from './format.js';
import { endsInside } from './read-recording.js';

/** Takes one line; `index` counts those that are not blank. Throws anything for a line that is none. */
export type TakeLine = (line: string, index: number) => CutRecord;

/** Lines, each a record. Only the last line can be cut off by a truncation. */
export function lineCutter(take: TakeLine): Cutter {
  let pending = '';
  let index = 0;
  const taken = (line: string): CutRecord[] => {
    if (line.trim() === '') return [];
    index += 1;
    try {
      return [take(line, index - 1)];
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem('recording_malformed', { index: index - 1 });
    }
  };
  return {
    push(text) {
      const [first = '', ...rest] = text.split('\n');
      pending += first;
      if (rest.length === 0) return [];
      const complete = [pending, ...rest.slice(0, -1)];
      pending = rest.at(-1) as string;
      return complete.flatMap(taken);
    },
    end() {
      if (pending.trim() !== '' && endsInside(pending)) throw new Problem('recording_truncated');
      const last = taken(pending);
      if (index === 0) throw new Problem('recording_empty');
      return { first: [], last };
    },
  };
}
