import { Problem } from '../problem.js';
import type { CutRecord, Format } from '../capture/formats/format.js';
import type { Cutter } from '../capture/formats/cutter.js';
import type { RecordingFile } from './recording-file.js';
import type { RecordsToSend } from './send-records.js';

/** A recording that is cut as a whole is in memory some times over. */
const mostWholeBytes = 256 * 1024 * 1024;

/**
 * Goes through the recording twice: all of it is cut before anything is sent, so that nothing is stored of one that
 * is malformed at its end; then again, record by record, so that no more of it is in memory than is being sent.
 * @throws Problem as the format's `cut` does, body_too_large
 */
export async function cutRecording(file: RecordingFile, format: Format, startedAt: number): Promise<RecordsToSend> {
  const { cutter, byteCutter } = format;
  if (byteCutter !== undefined)
    return inPieces(
      () => file.chunks(),
      () => byteCutter(startedAt),
    );
  if (cutter !== undefined)
    return inPieces(
      () => texts(file),
      () => cutter(startedAt),
    );
  return inMemory(format.cut(await whole(file), startedAt));
}

async function inPieces<Piece>(
  pieces: () => AsyncIterable<Piece>,
  cutter: () => Cutter<Piece>,
): Promise<RecordsToSend> {
  let count = 0;
  const { first } = await passed(pieces(), cutter(), (records) => void (count += records.length));
  return { count: first.length + count, from: (sequence) => skipping(recordsIn(pieces(), cutter(), first), sequence) };
}

export const inMemory = (records: readonly CutRecord[]): RecordsToSend => ({
  count: records.length,
  async *from(sequence) {
    yield* records.slice(sequence);
  },
});

async function* skipping(records: AsyncIterable<CutRecord>, count: number): AsyncGenerator<CutRecord> {
  let skipped = 0;
  for await (const record of records) {
    if (skipped < count) skipped += 1;
    else yield record;
  }
}

/** `first` is known from the time before: here it would come last. */
async function* recordsIn<Piece>(
  pieces: AsyncIterable<Piece>,
  cutter: Cutter<Piece>,
  first: readonly CutRecord[],
): AsyncGenerator<CutRecord> {
  yield* first;
  for await (const piece of pieces) yield* cutter.push(piece);
  yield* cutter.end().last;
}

async function passed<Piece>(
  pieces: AsyncIterable<Piece>,
  cutter: Cutter<Piece>,
  onCut: (records: readonly CutRecord[]) => void,
) {
  try {
    for await (const piece of pieces) onCut(cutter.push(piece));
    const { first, last } = cutter.end();
    onCut(last);
    return { first };
  } catch (error) {
    // V8 has no longer text: one record, or what was read until the first, is half a gigabyte.
    if (error instanceof RangeError) throw new Problem('recording_malformed', {}, { cause: error });
    throw error;
  }
}

/** @throws Problem recording_malformed for bytes that are no UTF-8, recording_truncated in the last character */
async function* texts(file: RecordingFile): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const chunk of file.chunks())
    yield decoded(() => decoder.decode(chunk, { stream: true }), 'recording_malformed');
  decoded(() => decoder.decode(), 'recording_truncated');
}

function decoded(decode: () => string, otherwise: 'recording_malformed' | 'recording_truncated'): string {
  try {
    return decode();
  } catch {
    throw new Problem(otherwise);
  }
}

async function whole(file: RecordingFile): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of file.chunks()) {
    bytes += chunk.length;
    if (bytes > mostWholeBytes) throw new Problem('body_too_large', { limit: mostWholeBytes });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The beginning of a recording, as much as its format is told by. */
export async function beginningOf(file: RecordingFile, mostBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of file.chunks()) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= mostBytes) break;
  }
  return Buffer.concat(chunks);
}
