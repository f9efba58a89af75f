import { verifyReceipt } from '../log/receipt.js';
import type { Json } from '../sealing/json-data.js';
import { disclosureDiffers, isDisclosure, type DisclosureAsked, type LogKey } from './receipt.js';
import { notVerified, refusalOf } from './refusal.js';

export interface RecordRead {
  readonly sequence: number;
  /** Epoch milliseconds, where times were granted. */
  readonly time?: number;
  readonly fields: { readonly [field: string]: Json };
}

export interface Disclosed {
  /** As it came, verified: `custos verify` takes it from a file. */
  readonly receipt: string;
  /** Of the disclosure in the log. */
  readonly position: number;
  readonly format: string;
  /** @throws Problem not_verified unless the stream came to its end, a Refusal for what broke it off */
  readonly records: AsyncIterable<RecordRead>;
  /** Fields that retention has taken from some of it: complete once the records have come to their end. */
  readonly expired: readonly ExpiredField[];
}

export interface ExpiredField {
  readonly field: string;
  /** Of the entry of the log that gave it up. */
  readonly position: number;
  /** At most so many records had it. */
  readonly records: number;
}

type Line = { readonly kind?: unknown } & { readonly [member: string]: unknown };

/**
 * Reads the service's answer to a disclosure. Nothing of it comes back before its receipt has proven that the log
 * holds exactly this reading, and no field afterwards that the log does not name.
 * @throws Problem not_verified
 */
export async function disclosed(
  answer: AsyncGenerator<unknown>,
  asked: DisclosureAsked,
  logKey: LogKey,
): Promise<Disclosed> {
  const receipt = receiptIn(await nextLine(answer, 0));
  const verified = verifyReceipt(receipt, logKey);
  if (verified.kind === 'refused') throw notVerified(verified.position, verified.check);
  const { entry } = verified;
  const differs = disclosureDiffers(entry, asked);
  if (!isDisclosure(entry) || differs.length > 0) throw notVerified(entry.position, ...differs);
  const { position } = entry;

  const { kind, session, format } = await nextLine(answer, position);
  if (kind !== 'session' || session !== asked.session || typeof format !== 'string') {
    throw notVerified(position, 'session_line');
  }
  const [logged, expired] = [new Set<string>(entry.data.fields), [] as ExpiredField[]];
  return { receipt, position, format, records: recordsIn(answer, position, logged, expired), expired };
}

async function* recordsIn(
  answer: AsyncGenerator<unknown>,
  position: number,
  logged: ReadonlySet<string>,
  expired: ExpiredField[],
): AsyncGenerator<RecordRead> {
  for (let count = 0; ;) {
    const line = await nextLine(answer, position);
    if (line.kind === 'expired') {
      expired.push(expiredIn(line, position, logged));
      continue;
    }
    if (line.kind === 'end') {
      if (line['records'] !== count) throw notVerified(position, 'record_count');
      return;
    }
    const { sequence, time, fields } = line as unknown as RecordRead;
    const wellFormed = line.kind === 'record' && Number.isSafeInteger(sequence) && isObject(fields);
    if (!wellFormed) throw notVerified(position, 'record_line');
    const unlogged =
      Object.keys(fields).some((field) => !logged.has(field)) || (time !== undefined && !logged.has('time'));
    if (unlogged) throw notVerified(position, 'field_not_in_receipt');
    count += 1;
    yield { sequence, ...(time === undefined ? {} : { time }), fields };
  }
}

function expiredIn(line: Line, at: number, logged: ReadonlySet<string>): ExpiredField {
  const { field, position, records } = line as unknown as ExpiredField;
  const wellFormed = Number.isSafeInteger(position) && Number.isSafeInteger(records) && logged.has(field);
  if (!wellFormed) throw notVerified(at, 'expired_line');
  return { field, position, records };
}

async function nextLine(answer: AsyncGenerator<unknown>, position: number): Promise<Line> {
  const next = await answer.next();
  // Cut off, by the connection or by somebody: what came is not all.
  if (next.done === true) throw notVerified(position, 'ended_before_its_last_line');
  const line: unknown = next.value;
  if (!isObject(line)) throw notVerified(position, 'line_form');
  if (line['kind'] === 'problem') {
    const { kind: _kind, ...problem } = line;
    throw refusalOf(problem);
  }
  return line;
}

function receiptIn({ kind, receipt }: Line): string {
  if (kind !== 'receipt' || typeof receipt !== 'string') throw notVerified(0, 'receipt_form');
  return receipt;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
