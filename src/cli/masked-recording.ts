import type { Format, Json, MaskedRecord } from '../capture/formats/format.js';
import type { RecordRead } from './disclosed.js';

/** Made-up times, where times were not granted: they keep the order and say nothing else. */
const madeUpStepMs = 1000;

export interface DisclosedRecording {
  readonly session: string;
  readonly format: string;
  readonly records: AsyncIterable<RecordRead>;
}

export interface MaskedRecording {
  readonly format: Format;
  /** How many records were read. */
  readonly count: number;
  /** In the form of their format, with what was not granted masked. */
  readonly events: readonly Json[];
}

/** All of it, or nothing: what broke off is an error of `records`. */
export async function maskedRecording(disclosed: DisclosedRecording): Promise<MaskedRecording> {
  const { formatOf } = await import('../capture/formats/formats.js');
  const read: MaskedRecord[] = [];
  for await (const record of maskedRecords(disclosed)) read.push(record);
  const format = formatOf(disclosed.format);
  return { format, count: read.length, events: format.mask(read) };
}

export async function* maskedRecords({ records }: DisclosedRecording): AsyncGenerator<MaskedRecord> {
  const { lowered } = await import('../capture/detection/lowered.js');
  for await (const { sequence, time, fields } of records) {
    yield { sequence, time: time ?? sequence * madeUpStepMs, parts: lowered(fields) };
  }
}
