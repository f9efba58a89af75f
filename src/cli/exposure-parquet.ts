import { openSync, closeSync } from 'node:fs';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import type { ExposureRow } from '../history/exposure-rows.js';
import { wrongUse } from './refusal.js';
import { exposureColumns, exposureLines, type ExposureLine } from './exposure-lines.js';

/** Makes the file, for its owner alone, before anything is asked for. @throws Problem usage where it is there, or cannot be */
export function newFile(file: string): string {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch {
    throw wrongUse('--parquet', 'a new file in a folder that can be written');
  }
  return file;
}

/** All rows as a Parquet file (Snappy), a page in memory at a time, over `file`. Returns how many. */
export async function writeParquet(file: string, pages: AsyncIterable<readonly ExposureRow[]>): Promise<number> {
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
