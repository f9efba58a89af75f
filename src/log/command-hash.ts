import { hash } from 'node:crypto';

/** What is kept of a command in `log.command`, so that the same command gets the same answer. */
export interface KeptAnswer {
  readonly actor: string;
  readonly command: string;
  /** Of the intent, 32 bytes. */
  readonly digest: Uint8Array;
  /** Entries that it wrote, at least 1. */
  readonly count: number;
  /** JSON text, as it is stored. */
  readonly answer: string;
}

/** Stands first among what is hashed, so that these bytes are those of nothing else. */
export const commandDomain = 'custos/command/v1';

/**
 * 32 bytes that stand in the header of the command's first entry: whoever changes anything of what is kept, or its
 * place, no longer agrees with what was hashed and signed. One hash, and not the members: headers stay small, and
 * nobody can guess an intent or an answer from a header, since the command's id is not in it.
 *
 * SHA-256 over each part behind its length, as PostgreSQL's COPY gives them in binary form: so verification hashes
 * rows where they lie (docs/formats/log.md).
 */
export function commandHash({ actor, command, digest, count, answer }: KeptAnswer): Uint8Array {
  const counted = Buffer.allocUnsafe(4);
  counted.writeInt32BE(count);
  const parts = [commandDomain, actor, command, digest, counted, answer];
  const lengths = parts.map((part) => (typeof part === 'string' ? Buffer.byteLength(part) : part.length));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + lengthBytes + length, 0));
  let at = 0;
  for (const [index, part] of parts.entries()) {
    at = bytes.writeUInt32BE(lengths[index] as number, at);
    at += typeof part === 'string' ? bytes.write(part, at) : copied(part, bytes, at);
  }
  return hash('sha256', bytes, 'buffer');
}

/** As many commands may write together: they are read together too, to prove one of them. */
export const mostTogether = 512;

/** Of several commands that wrote together. */
export const commandsDomain = 'custos/commands/v1';

/**
 * What the first header names of the commands that wrote it and what follows, by their hashes: of one its own, of several
 * SHA-256 over all of them, in the order of their bytes, behind a domain.
 */
export function namedBy(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 1) return hashes[0] as Uint8Array;
  return hash('sha256', Buffer.concat([Buffer.from(commandsDomain), ...[...hashes].sort(Buffer.compare)]), 'buffer');
}

const lengthBytes = 4;

function copied(part: Uint8Array, to: Uint8Array, at: number): number {
  to.set(part, at);
  return part.length;
}
