import { Problem } from '../../problem.js';
import { columnsIn, rowOf, timeCell, timeIn, type Sheet } from './csv-lines.js';
import type { Cutter } from './cutter.js';
import type { CutRecord, Json, JsonObject } from './format.js';
import { recordTime } from './record-time.js';

/** The sheet comes last here, and belongs first: whether its last line has an end, only the end tells. */
export function csvCutter(startedAt: number): Cutter {
  const clock = clockFrom(startedAt);
  let pending = '';
  let columns: Pick<Sheet, 'columns' | 'header' | 'delimiter'> | undefined;
  let firstTime: number | undefined;
  let blankLines = 0;

  const taken = (line: string): CutRecord[] => {
    if (columns === undefined) {
      // A file of nothing but white space is empty; with something after it, it is no sheet.
      if (line.trim() === '') {
        blankLines += 1;
        return [];
      }
      columns = blankLines > 0 ? undefined : columnsIn(line);
      if (columns === undefined) throw new Problem('recording_malformed');
      if (columns.header) return [];
    }
    const data = rowOf(line, columns);
    const time = clock(data);
    firstTime ??= time;
    return [{ time, data }];
  };
  return {
    push(text) {
      const [first = '', ...rest] = text.split('\n');
      pending += first;
      if (rest.length === 0) return [];
      const lines = [pending, ...rest];
      pending = lines.pop() as string;
      return lines.flatMap(taken);
    },
    end() {
      const ended = pending === '';
      const last = ended ? [] : taken(pending);
      if (columns === undefined) throw new Problem('recording_empty');
      return { first: [{ time: firstTime ?? startedAt, data: { ...columns, ended } }], last };
    },
  };
}

/**
 * Dates, or a count from some start: of seconds where the first has a fraction (Balabit), otherwise of milliseconds
 * (SapiMouse). A row without a time is as late as the one before.
 */
function clockFrom(startedAt: number): (row: Json) => number {
  let time = startedAt;
  let inSeconds: boolean | undefined;
  return (row) => {
    inSeconds ??= timeCell(row as JsonObject)?.includes('.');
    const told = timeIn(row, inSeconds === true);
    if (told !== undefined) time = told.isDate ? told.ms : startedAt + told.ms;
    return recordTime(time);
  };
}
