import { textLines } from './text-lines.js';

async function linesOf(chunks: readonly (string | Uint8Array)[], most?: number): Promise<string[]> {
  async function* given() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
  }
  const lines: string[] = [];
  for await (const line of textLines(given(), most)) lines.push(line);
  return lines;
}

it('a line comes whole, however it was cut into chunks, a character in two of them too', async () => {
  const text = new TextEncoder().encode('é\n\nsecond 🙂\n');
  const bytes = [...text].map((byte) => Uint8Array.of(byte));
  expect(await linesOf([text])).toEqual(['é', '', 'second 🙂']);
  expect(await linesOf(bytes)).toEqual(['é', '', 'second 🙂']);
  expect(await linesOf(['a', 'b', 'c\nd', 'e\n'])).toEqual(['abc', 'de']);
});

it('only a line feed ends one: what else some call an end stands inside of JSON', async () => {
  expect(await linesOf(['"\u2028\u2029\u0085\v\f\r"\n', '\ufeff"\n'])).toEqual([
    '"\u2028\u2029\u0085\v\f\r"',
    '\ufeff"',
  ]);
});

it('what was cut off is no line, and nothing has none', async () => {
  expect(await linesOf(['whole\ncut o', 'ff'])).toEqual(['whole']);
  expect(await linesOf([])).toEqual([]);
});

it('refuses a line that is too long, wherever it was cut', async () => {
  await expect(linesOf(['123\n', '123', '4', '5\n'], 3)).rejects.toMatchObject({ name: 'RangeError' });
  expect(await linesOf(['123\n1234\n'], 4)).toEqual(['123', '1234']);
});

it('refuses bytes that are no UTF-8', async () => {
  await expect(linesOf([Uint8Array.of(0xff, 0x0a)])).rejects.toMatchObject({ name: 'TypeError' });
});
