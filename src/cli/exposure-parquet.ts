import { openSync, closeSync } from 'node:fs';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import type { ExposureRow } from '../history/exposure-rows.js';
import { exposureColumns, exposureLines, type ExposureLine } from './exposure-lines.js';

/**
 * All rows as a Parquet file (Apache Parquet 2, Snappy), a page in memory at a time. The file is new, and for its owner
 * alone. @throws the file system's error, EEXIST where it is there
 */
export async function writeParquet(file: string, pages: AsyncIterable<readonly ExposureRow[]>): Promise<number> {
  closeSync(openSync(file, 'wx', 0o600));
  let lines = 0;
  async function* rows() {
    for await (const page of pages) {
      for (const line of page.flatMap(exposureLines)) {
        lines += 1;
        yield typed(line);
      }
    }
  }
  await parquetWriteRows({
    writer: fileWriter(file),
    rows: rows(),
    columns: exposureColumns.map(({ name, type }) => ({ name, type })),
    rowGroupSize: 100_000,
    createdBy: 'custos',
  });
  return lines;
}

/** Integers of 64 bits are bigint there, and times are dates. */
const typed = (line: ExposureLine) =>
  Object.fromEntries(
    exposureColumns.map(({ name, type }) => {
      const value = line[name];
      if (value === null) return [name, null];
      if (type === 'INT64') return [name, BigInt(value)];
      return [name, type === 'TIMESTAMP' ? new Date(Number(value)) : value];
    }),
  );
