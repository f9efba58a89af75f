import { hashCanonical } from '../sealing/canonical.js';

/** What is kept of a command in `log.command`, so that the same command gets the same answer. */
export interface KeptAnswer {
  readonly actor: string;
  readonly command: string;
  /** Of the intent, 32 bytes. */
  readonly digest: Uint8Array;
  /** Entries that it wrote, at least 1. */
  readonly count: number;
  /** JSON data. */
  readonly answer: unknown;
}

/**
 * 32 bytes that stand in the header of the command's first entry: whoever changes anything of what is kept, or its
 * place, no longer agrees with what was hashed and signed. One hash, and not the members: headers stay small, and
 * nobody can guess an intent or an answer from a header, since the command's id is not in it.
 */
export function commandHash({ actor, command, digest, count, answer }: KeptAnswer): Uint8Array {
  return hashCanonical('custos/command/v1', [actor, command, digest, count, answer]);
}

/** With the answer as the database gives it back: without members that are undefined. */
export const asStored = (kept: KeptAnswer): KeptAnswer => ({
  ...kept,
  answer: JSON.parse(JSON.stringify(kept.answer)) as unknown,
});

/** Whether what is kept is what a header names. Total: a row may hold anything. */
export function isNamed(kept: KeptAnswer, named: Uint8Array): boolean {
  try {
    return Buffer.compare(commandHash(kept), named) === 0;
  } catch {
    return false; // JSON that we never write, such as an integer past 2^53 - 1.
  }
}
