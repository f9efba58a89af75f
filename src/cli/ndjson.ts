import { Problem } from '../problem.js';
import { textLines } from '../text-lines.js';

/** A line is one record or one receipt; what is longer is no answer of our service. */
const mostLineCharacters = 64 * 1024 * 1024;

/**
 * The lines of an answer, parsed.
 * @throws Problem service_unreachable where the connection breaks or no line ends; body_malformed
 */
export async function* lines(answer: Response): AsyncGenerator<unknown> {
  if (answer.body === null) return;
  const chunks = answer.body as unknown as AsyncIterable<Uint8Array>;
  try {
    for await (const line of textLines(chunks, mostLineCharacters)) if (line !== '') yield parseLine(line);
  } catch (error) {
    // A consumer's own error passes through `yield` as `return`, so this is the connection or the decoder.
    throw error instanceof Problem ? error : new Problem('service_unreachable', {}, { cause: error });
  }
}

/** Ends quietly where the connection breaks. */
export async function* quietly(all: AsyncGenerator<unknown>): AsyncGenerator<unknown> {
  try {
    yield* all;
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'service_unreachable') throw error;
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw new Problem('body_malformed');
  }
}
