/**
 * What a terminal would obey instead of show: control characters but tab and line feed, and the marks that turn
 * text around. A purpose is somebody else's text, and an approver must see what it says.
 */
// eslint-disable-next-line no-control-regex -- exactly these
const unshowable = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Text of somebody else, safe to print. Twice is once. */
export const visible = (text: string): string => text.replace(unshowable, escaped);

/** The same within a line or a cell: what goes on below would read like one of ours. */
const inLine = (value: unknown): string => visible(String(value)).replaceAll('\n', '\\u000a');

/** JSON that is safe to print; the escapes are JSON's own, so the value is the same. */
export const jsonText = (value: unknown, space?: number): string => visible(JSON.stringify(value, null, space));

/** Resolves once the stream takes more, so that a slow pipe does not fill the memory. */
export function print(text: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(text)) resolve();
    else process.stdout.once('drain', resolve);
  });
}

export const printLine = (value: unknown): Promise<void> => print(`${jsonText(value)}\n`);

/** For people. Of what it says, much is what a service said: none of it reaches a terminal but as text. */
export const say = (text: string): void => void process.stderr.write(`${visible(text)}\n`);

/** Exactly one document with `--json`, text for people without. */
export async function printResult(json: boolean, value: unknown, forPeople: () => string | Promise<string>) {
  await print(json ? `${jsonText(value)}\n` : `${visible(await forPeople())}\n`);
}

/** An empty list says so: an empty table looks like an error. */
export async function table(head: readonly string[], rows: readonly (readonly unknown[])[]): Promise<string> {
  if (rows.length === 0) return 'none';
  const { default: Table } = await import('cli-table3');
  const made = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  made.push(...rows.map((row) => row.map((cell) => inLine(cell ?? ''))));
  return made.toString();
}

/** `name  value` lines, aligned. */
export function listing(pairs: readonly (readonly [name: string, value: unknown])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${inLine(name).padEnd(width)}  ${inLine(value ?? '-')}`).join('\n');
}

/** A time for people; a service may send anything. */
export function timeText(at: unknown): string {
  const date = new Date(typeof at === 'number' ? at : NaN);
  return Number.isNaN(date.getTime()) ? '-' : date.toISOString();
}
