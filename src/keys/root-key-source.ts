import { readFile, writeFile } from 'node:fs/promises';
import { replaceFile } from '../log/replace-file.js';
import { Problem } from '../problem.js';
import { formatRootKeys, freshRootKey, parseRootKeys, rootKeysOf, type RootKeys } from './root-key.js';

/** Where the root key comes from. Asked at every start, before a subject's key is made, and where none of those known opens. */
export interface RootKeySource {
  /** @throws Problem root_key_missing, root_key_unsealed, root_key_unavailable */
  read(): Promise<RootKeys>;
  /** Durable once it resolves, and whole: after a crash there are these, or those before. */
  write(keys: RootKeys): Promise<void>;
}

/** A service that keeps a key of its own and never gives it out: what it has sealed, it opens for whoever may ask. */
export interface RootKeySeal {
  seal(text: string): Promise<string>;
  open(sealed: string): Promise<string>;
}

/** As Vault and OpenBao write what transit has encrypted. */
const sealedForm = /^vault:v\d+:/;

/** A file that only the keyholder may read (`root-key.ts` says its form); with a seal, what it made of that text. */
export const rootKeyFile = (path: string, seal?: RootKeySeal): RootKeySource => ({
  async read() {
    const text = await readFile(path, 'utf8').catch(() => '');
    const keys = parseRootKeys(await opened(text, seal));
    if (keys === undefined) throw new Problem('root_key_missing');
    return keys;
  },
  async write(keys) {
    const text = formatRootKeys(keys);
    await replaceFile(path, seal === undefined ? text : `${await seal.seal(text)}\n`);
  },
});

async function opened(text: string, seal: RootKeySeal | undefined): Promise<string> {
  if (seal === undefined) return text;
  // Whoever set up a seal counts on it: a key in the clear is not what they meant to have.
  if (!sealedForm.test(text))
    throw new Problem(parseRootKeys(text) === undefined ? 'root_key_missing' : 'root_key_unsealed');
  return seal.open(text.trim());
}

/** Makes a root key where there is none; an existing one is never overwritten. */
export async function makeRootKey(path: string): Promise<void> {
  await writeFile(path, formatRootKeys(rootKeysOf(freshRootKey())), { flag: 'wx', mode: 0o600 });
}
