import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What all canaries have in common. To look for it alone is stricter, and a twentieth of the work. */
export const canaryMark = 'canary-';

export interface Find {
  readonly path: string;
  readonly form: string;
}

export interface Searched {
  readonly files: number;
  readonly bytes: number;
  readonly finds: readonly Find[];
}

const mostPasses = 20;

/**
 * Every file below a folder, the write-ahead log included. The service goes on writing meanwhile: a file that is gone
 * when it is to be read may be another by now, so all of it is read once more.
 */
export async function searchFolder(folder: string, text: string): Promise<Searched> {
  for (let pass = 1; ; pass += 1) {
    try {
      return await searchOnce(folder, formsOf(text));
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOENT' || pass === mostPasses) throw error;
    }
  }
}

async function searchOnce(folder: string, forms: ReadonlyMap<string, Buffer>): Promise<Searched> {
  const finds: Find[] = [];
  let files = 0;
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path);
    files += 1;
    bytes += content.length;
    finds.push(...findsIn(content, forms).map((form) => ({ path, form })));
  }
  return { files, bytes, finds };
}

export const searchText = (content: string, text: string): readonly string[] =>
  findsIn(Buffer.from(content), formsOf(text));

/** The ways in which text, or the bytes of a key, may lie in a file without being sealed. */
export function formsOf(what: string | Uint8Array): ReadonlyMap<string, Buffer> {
  const raw = typeof what === 'string' ? Buffer.from(what) : Buffer.from(what);
  const hex = raw.toString('hex');
  return new Map([
    ['raw', raw],
    ...(typeof what === 'string' ? [['UTF-16LE', Buffer.from(what, 'utf16le')] as const] : []),
    ['hex', Buffer.from(hex)],
    ['hex, upper case', Buffer.from(hex.toUpperCase())],
    ...[0, 1, 2].map((offset) => [`base64, ${offset} before`, Buffer.from(base64After(raw, offset))] as const),
  ]);
}

/** The digits that do not depend on what stands before (`offset` bytes, modulo three) or after. */
function base64After(raw: Uint8Array, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), raw]);
  const certainUntil = Math.floor((bytes.length * 8) / 6);
  return bytes.toString('base64').slice(Math.ceil((offset * 8) / 6), certainUntil);
}

function findsIn(content: Buffer, forms: ReadonlyMap<string, Buffer>): string[] {
  return [...forms].filter(([, bytes]) => content.includes(bytes)).map(([form]) => form);
}
