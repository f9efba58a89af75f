/**
 * The lines of UTF-8 that comes in chunks, cut at line feeds alone: JSON escapes those, and no other end of a line.
 * What comes behind the last one was cut off, and is no line.
 *
 * @throws TypeError for bytes that are no UTF-8, RangeError for a line of more than `mostCharacters`
 */
export async function* textLines(
  chunks: AsyncIterable<Uint8Array>,
  mostCharacters = Number.POSITIVE_INFINITY,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  // Joined once, however many chunks a line takes.
  let pending: string[] = [];
  let pendingCharacters = 0;
  for await (const chunk of chunks) {
    const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n');
    pending.push(first);
    pendingCharacters += first.length;
    if (pendingCharacters > mostCharacters) throw new RangeError('a line is too long');
    for (const next of rest) {
      const line = pending.join('');
      pending = [next];
      pendingCharacters = next.length;
      yield line;
    }
  }
}
