import { Problem } from '../problem.js';

/** A line is one record or one receipt; what is longer is no answer of our service. */
const mostLineCharacters = 64 * 1024 * 1024;

/** The lines of an answer, parsed. It ends quietly where the connection breaks: the last line tells, not the end. */
export async function* lines(answer: Response): AsyncGenerator<unknown> {
  if (answer.body === null) return;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let pending: string[] = [];
  let pendingCharacters = 0;
  try {
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n');
      pending.push(first);
      pendingCharacters += first.length;
      if (pendingCharacters > mostLineCharacters) return;
      for (const next of rest) {
        const line = pending.join('');
        pending = [next];
        pendingCharacters = next.length;
        if (line !== '') yield parseLine(line);
      }
    }
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
