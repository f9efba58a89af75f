import { Problem, type ProblemCode } from '../problem.js';
import type { RecordToSeal } from '../sealing/seal-batches.js';
import type { Tag } from './detection/detect.js';
import { raiseRecords, type RaisedRecord } from './detection/raise.js';
import type { Format, Json, Parts } from './formats/format.js';
import { isStorable } from './formats/storable.js';

/** Of what sources packed inside of records; half of what a sealed column may hold. */
const mostUnpackedBytes = 32 * 1024 * 1024;

/** A record in its parts, or why it is rejected. */
export type Taken = RaisedRecord | ProblemCode;

/**
 * The records of one post, each taken apart, or the code that rejects it alone. The service does it so, and a source
 * that seals at its own end.
 */
export function decomposeAll(records: readonly unknown[], format: Format): (Parts | ProblemCode)[] {
  const budget = { bytes: mostUnpackedBytes };
  return records.map((data) => decomposeOne(data, (good) => format.decompose(good, budget)));
}

/** Records that are of their format, in their places; an input's text grows from one to the next. */
export async function raiseAll(
  decomposed: readonly (Parts | ProblemCode)[],
  format: Format,
  inputs: Map<string, Tag>,
): Promise<Taken[]> {
  const good = decomposed.filter((one) => typeof one !== 'string');
  const raised = (await raiseRecords(good, format, inputs)).values();
  return decomposed.map((one) => (typeof one === 'string' ? one : (raised.next().value as RaisedRecord)));
}

/** Those from the sequence number `from` on, ready to be sealed, and the places of those that are rejected. */
export function inPlaces(
  taken: readonly Taken[],
  timeOf: (index: number) => number,
  { first, from }: { readonly first: number; readonly from: number },
) {
  const good: RecordToSeal[] = [];
  const problems: { readonly index: number; readonly code: ProblemCode }[] = [];
  for (let index = from - first; index < taken.length; index += 1) {
    const one = taken[index] as Taken;
    if (typeof one === 'string') problems.push({ index, code: one });
    else good.push({ sequence: first + index, time: timeOf(index), ...one });
  }
  return { good, problems };
}

/** What no column can hold is refused by itself, so that those beside it are kept. */
function decomposeOne(data: unknown, decompose: (data: Json) => Parts): Parts | ProblemCode {
  if (!isStorable(data)) return 'record_unstorable';
  try {
    return decompose(data as Json);
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}
