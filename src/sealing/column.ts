import { expectBytes } from './bytes.js';
import { packColumn, type ColumnValue } from './column-pack.js';
import { frameBytes, sealFrame } from './frame.js';
import { isPaddedLength } from './padme.js';
import type { Secret } from './secret.js';

export type { ColumnValue } from './column-pack.js';

/** Where a column belongs. All of it is authenticated, so a column that was moved or relabelled does not open. */
export interface ColumnBinding {
  /** The log's name. */
  readonly origin: string;
  readonly session: string;
  /** Id of the entry that carries the column, 16 bytes. */
  readonly entry: Uint8Array;
  readonly field: string;
  /** Records of the batch, and so values of the column. */
  readonly count: number;
  /** Version of the field catalogue: what the field's name meant. */
  readonly catalogue: number;
}

/** @internal Shared with open-column.ts. */
export const columnFormat = { name: 'custos/column', version: 1 } as const;

/**
 * Seals one field of a batch's records under that field's own key (session-key.ts, `columnKey`).
 * The bytes are frame.ts around column-pack.ts.
 *
 * @throws TypeError or RangeError if the values are not `count` values of JSON data within the limits.
 */
export const sealColumn = (key: Secret, binding: ColumnBinding, values: readonly ColumnValue[]): Uint8Array =>
  sealColumnWithNonce(undefined, key, binding, values);

/** @internal For test vectors only: two columns sealed under one nonce give each other away. */
export function sealColumnWithNonce(
  nonce: Uint8Array | undefined,
  key: Secret,
  binding: ColumnBinding,
  values: readonly ColumnValue[],
): Uint8Array {
  if (values.length !== binding.count) {
    throw new RangeError(`values of column: expected ${binding.count}, got ${values.length}`);
  }
  return sealFrame(columnFormat, key, boundMembers(binding), packColumn(values), nonce);
}

/** Whether bytes have the form of a sealed column, as far as one without the key can tell: version and length. */
export const isSealedColumn = (sealed: Uint8Array): boolean =>
  sealed[0] === columnFormat.version && isPaddedLength(sealed.length - frameBytes);

/** @internal Member by member: what a caller's object has besides would change the bytes. */
export function boundMembers({ origin, session, entry, field, count, catalogue }: ColumnBinding) {
  expectBytes('entry id', entry, 16);
  expectCount('count', count);
  expectCount('catalogue version', catalogue);
  return { origin, session, entry, field, count, catalogue };
}

function expectCount(title: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${title}: expected a whole number from 0`);
}
