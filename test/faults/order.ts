import { createHash } from 'node:crypto';
import type { Draft } from '../../src/log/draft.js';
import type { SessionId, SubjectId } from '../../src/log/ids.js';

/** What one command of the fault tests writes. Its entries can be told from all others by their subject. */
export interface Order {
  readonly number: number;
  readonly shape: Shape;
  readonly entries: number;
}

/** `governing` changes the state that decisions are made on, `sealed` has bodies, `plain` neither. */
export type Shape = 'governing' | 'sealed' | 'plain';

export const actor = 'writer';
export const commandId = ({ number }: Order): string => `command-${String(number).padStart(6, '0')}`;

/** Every order writes to one of few streams, so that versions matter. */
export const streams = 5;
/** Past PostgreSQL's page, so that a full disk is met. */
const sealedBytes = 12_000;

export function draftsOf(order: Order): Draft[] {
  return Array.from({ length: order.entries }, (_, index) => draft(order, index));
}

function draft({ number, shape, entries }: Order, index: number): Draft {
  const session = `w${number % streams}` as SessionId;
  const subject = `c${number}.${index}.${entries}` as SubjectId;
  if (shape === 'governing') {
    return { type: 'consent.changed', stream: `subject/${number % streams}`, subject, data: { consent: 'given' } };
  }
  const stream = `session/${session}`;
  const records = { session, first: number, count: 1 };
  if (shape === 'plain')
    return { type: 'records.suppressed', stream, subject, data: { ...records, reason: 'refused' } };
  const data = { ...records, epoch: new Uint8Array(16), from: 1, to: 2, catalogue: 1 };
  return { type: 'session.batch', stream, subject, data, columns: [{ field: 'typed', sealed: noise(subject) }] };
}

/** Which order an entry belongs to, by its subject; undefined for what is not one of ours. */
export function markOf(subject: string | undefined): { number: number; index: number; entries: number } | undefined {
  const [, number, index, entries] = /^c(\d+)\.(\d+)\.(\d+)$/.exec(subject ?? '') ?? [];
  return number === undefined ? undefined : { number: Number(number), index: Number(index), entries: Number(entries) };
}

/** Does not compress, and is the same each time. */
function noise(seed: string): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(sealedBytes / 32) }, (_, index) =>
    createHash('sha256').update(`${seed} ${index}`).digest(),
  );
  return new Uint8Array(Buffer.concat(blocks).subarray(0, sealedBytes));
}
