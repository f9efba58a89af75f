import { Problem } from '../problem.js';
import { textLines } from '../text-lines.js';

/** A line is one record or one receipt; what is longer is no answer of our service. */
const mostLineCharacters = 64 * 1024 * 1024;

/** The lines of an answer, parsed. It ends quietly where the connection breaks: the last line tells, not the end. */
export async function* lines(answer: Response): AsyncGenerator<unknown> {
  if (answer.body === null) return;
  const chunks = answer.body as unknown as AsyncIterable<Uint8Array>;
  try {
    for await (const line of textLines(chunks, mostLineCharacters)) if (line !== '') yield parseLine(line);
  } catch (error) {
    // A consumer's own error passes through `yield` as `return`, so this is the connection or the decoder.
    if (error instanceof Problem) throw error;
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw new Problem('body_malformed');
  }
}
