import { boundMembers, columnFormat, type ColumnBinding, type ColumnValue } from './column.js';
import { unpackColumn } from './column-unpack.js';
import { openFrame } from './frame.js';
import type { Secret } from './secret.js';

export type OpenedColumn =
  { readonly kind: 'opened'; readonly values: readonly ColumnValue[] } | { readonly kind: 'tampered' };

/** Tampered: the key, the binding or a single bit is not what it was, or whoever sealed it broke the format. */
export function openColumn(key: Secret, binding: ColumnBinding, sealed: Uint8Array): OpenedColumn {
  const packed = openFrame(columnFormat, key, boundMembers(binding), sealed);
  const values = packed && unpackColumn(packed);
  if (values?.length !== binding.count) return { kind: 'tampered' };
  return { kind: 'opened', values };
}
