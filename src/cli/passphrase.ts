import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { AskPassphrase } from '../identity/signing-key.js';
import type { Secret } from '../sealing/secret.js';
import { wrongUse } from './refusal.js';

/** For whoever tries passphrases on a stolen file, each costs half a second; so shorter ones than this are found. */
const fewestCharacters = 12;

export const passphraseOption = [
  '--passphrase-file <file>',
  'passphrase of the key in a file (CUSTOS_KEY_PASSPHRASE_FILE); otherwise it is asked for',
] as const;

/** Of a key that is there: from the file named, or asked for at the terminal. */
export const passphrase =
  (file: string | undefined): AskPassphrase =>
  async () =>
    (await fromFile(file)) ?? secretOf(await hidden('Passphrase of the key: '));

/** Of a key that is made. @throws Problem usage if it is short, or was typed in two ways. */
export async function newPassphrase(file: string | undefined): Promise<Secret> {
  const given = await fromFile(file);
  const secret = given ?? (await typedTwice());
  // Characters of its UTF-8, more or less: this is a floor and no measure.
  if (secret.bytes.length < fewestCharacters) throw wrongUse('passphrase', `at least ${fewestCharacters} characters`);
  return secret;
}

async function typedTwice(): Promise<Secret> {
  const once = await hidden('New passphrase: ');
  if (once !== (await hidden('Once more: '))) throw wrongUse('passphrase', 'the same one twice');
  return secretOf(once);
}

/** The first line, so that an editor's last line break is none of it. */
async function fromFile(named: string | undefined): Promise<Secret | undefined> {
  const file = named ?? (process.env['CUSTOS_KEY_PASSPHRASE_FILE'] || undefined);
  if (file === undefined) return undefined;
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) throw wrongUse('--passphrase-file', 'a file that can be read');
  return secretOf(text.split(/\r?\n/, 1)[0] ?? '');
}

/** Never from the command line or a pipe by chance: those are seen by others, and kept. */
async function hidden(question: string): Promise<string> {
  if (!process.stdin.isTTY) throw wrongUse('--passphrase-file', 'needed without a terminal: the key is sealed');
  process.stderr.write(question);
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silence, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

const secretOf = async (text: string): Promise<Secret> =>
  (await import('../sealing/passphrase.js')).passphraseFrom(text);
