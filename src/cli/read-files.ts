import { writeFile } from 'node:fs/promises';
import type { MaskedRecord } from '../capture/formats/format.js';
import type { RecordRead } from './disclosed.js';
import { print, printResult } from './output.js';
import { wrongUse } from './refusal.js';

/** Made-up times, where times were not granted: they keep the order and say nothing else. */
const madeUpStepMs = 1000;

/** `to` is a file, or true for standard output. Nothing is written of a disclosure that broke off. */
export async function writeRecording(
  to: true | string,
  { session, format, records }: { session: string; format: string; records: AsyncIterable<RecordRead> },
  json: boolean,
): Promise<void> {
  const [{ formatOf }, { lowered }] = await Promise.all([
    import('../capture/formats/formats.js'),
    import('../capture/detection/lowered.js'),
  ]);
  const read: MaskedRecord[] = [];
  for await (const { sequence, time, fields } of records) {
    read.push({ sequence, time: time ?? sequence * madeUpStepMs, parts: lowered(fields) });
  }
  const masked = formatOf(format);
  const bytes = masked.assemble(masked.mask(read));
  if (to === true) return print(bytes);
  // It is personal data: for whoever asked, and nobody else on the machine.
  await writeFile(to, bytes, { mode: 0o600 }).catch(unwritable('--recording'));
  await printResult(json, { session, format, records: read.length, file: to }, () => `${read.length} records: ${to}`);
}

const unwritable = (option: string) => () => {
  throw wrongUse(option, 'a place that can be written');
};
