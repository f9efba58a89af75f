import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const examples = new URL('../../examples/', import.meta.url);
export const exampleFile = (name: string) => fileURLToPath(new URL(name, examples));

/** Who is recorded in the demo. Ids are pseudonyms. */
export const recordings = [
  { subject: 'anna', session: 'sign-up-1', file: 'sign-up.rrweb.json', format: 'rrweb' },
  { subject: 'ben', session: 'shell-1', file: 'shell.cast', format: 'asciicast' },
  { subject: 'cleo', session: 'assistant-1', file: 'assistant.messages.json', format: 'messages' },
] as const;

/** A string planted in a recording, and a field in which it ends. */
export interface Canary {
  readonly name: string;
  readonly canary: string;
  readonly file: string;
  readonly field: string;
}

export const readCanaries = async (): Promise<Canary[]> =>
  JSON.parse(await readFile(exampleFile('canaries.json'), 'utf8')) as Canary[];

/** The canaries that end in this field of a recording, and those of the file that end only elsewhere. */
export function canariesOf(all: readonly Canary[], file: string, field: string) {
  const ofFile = all.filter((one) => one.file === file);
  const inField = new Set(ofFile.filter((one) => one.field === field).map(({ canary }) => canary));
  const elsewhere = new Set(ofFile.map(({ canary }) => canary).filter((canary) => !inField.has(canary)));
  return { inField: [...inField], elsewhere: [...elsewhere] };
}
