import type { ColumnValue } from '../sealing/column.js';
import type { OpenedBatch } from './keyholder-port.js';

/** JSON has no undefined, and a field that a record lacks is not one that is null: a value is `[value]`, none is 0. */
export type PackedBatch = Omit<OpenedBatch, 'columns'> & { readonly columns: Readonly<Record<string, PackedColumn>> };
type PackedColumn = readonly (0 | readonly [ColumnValue])[];

export const packBatch = ({ columns, ...batch }: OpenedBatch): PackedBatch => ({
  ...batch,
  columns: mapColumns(columns, (value: ColumnValue) => (value === undefined ? 0 : ([value] as const))),
});

export const unpackBatch = ({ columns, ...batch }: PackedBatch): OpenedBatch => ({
  ...batch,
  columns: mapColumns(columns, (packed: 0 | readonly [ColumnValue]) => (packed === 0 ? undefined : packed[0])),
});

const mapColumns = <A, B>(columns: Readonly<Record<string, readonly A[] | undefined>>, map: (value: A) => B) =>
  Object.fromEntries(Object.entries(columns).map(([field, values]) => [field, (values ?? []).map(map)]));
