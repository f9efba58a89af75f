import { z } from 'zod';
import { catalogueVersion, FieldName, fieldNames } from '../log/fields.js';
import { SessionId, SubjectId } from '../log/ids.js';
import { isWellFormed } from '../sealing/bytes.js';
import { isSealedColumn } from '../sealing/column.js';
import { mostRecordsInABatch } from '../sealing/seal-batches.js';
import { isSealedSessionKey } from '../sealing/session-key.js';
import { signatureBytes } from '../sealing/signature.js';
import { tags } from './detection/detect.js';
import { mostTime } from './formats/record-time.js';

/** As of plain records: what one post may hold. */
const mostRecords = 5000;
const mostSpans = mostRecords;
const idBytes = 16;
const hashBytes = 32;
/** Far longer than a key id of the keyholder. */
const mostKeyIdCharacters = 64;

/** Bytes in the one text that they have. */
const bytesAs = (encoding: 'hex' | 'base64', isOne: (bytes: Uint8Array) => boolean) =>
  z.string().transform((text, context) => {
    const bytes = Buffer.from(text, encoding);
    if (bytes.toString(encoding) === text && isOne(bytes)) return new Uint8Array(bytes);
    context.addIssue({ code: 'custom', message: 'bytes' });
    return z.NEVER;
  });
const ofLength = (length: number) => (bytes: Uint8Array) => bytes.length === length;

const Sequence = z.int().min(0);
const Time = z.int().min(0).max(mostTime);
const Count = z.int().min(1).max(mostRecordsInABatch);
const Signature = bytesAs('base64', ofLength(signatureBytes));
const Id = bytesAs('hex', ofLength(idBytes));

const Column = z.strictObject({
  field: FieldName,
  sha256: bytesAs('hex', ofLength(hashBytes)),
  sealed: bytesAs('base64', isSealedColumn),
});

const Batch = z
  .strictObject({
    id: Id,
    first: Sequence,
    count: Count,
    from: Time,
    to: Time,
    catalogue: z.literal(catalogueVersion),
    tags: z.partialRecord(z.enum(tags), Count).optional(),
    columns: z.array(Column).min(1).max(fieldNames.length),
    signature: Signature,
  })
  .refine(({ from, to }) => from <= to, { path: ['to'] })
  // No batch without times: the keyholder cuts at a grant's range by them.
  .refine(({ columns }) => columns[0]?.field === 'time', { path: ['columns'] })
  .refine(({ columns }) => areInOrder(columns.map(({ field }) => fieldNames.indexOf(field))), { path: ['columns'] })
  .refine(({ count, tags: found = {} }) => Object.values(found).every((many) => many <= count), { path: ['tags'] });

/**
 * Records of one session that their source has sealed, in order: every sequence number from `first` on is in a batch
 * or rejected. Without `sealed`, only their number, for a subject whose records are suppressed.
 */
export const SealedBody = z
  .strictObject({
    session: SessionId,
    subject: SubjectId,
    format: z.string().max(32),
    first: Sequence,
    count: z.int().min(1).max(mostRecords),
    sealed: z
      .strictObject({
        signedBy: z.string().regex(/^[0-9a-f]{16}$/),
        epoch: z.strictObject({
          id: Id,
          // It is signed, as bytes.
          keyId: z.string().min(1).max(mostKeyIdCharacters).refine(isWellFormed),
          sealedKey: bytesAs('base64', isSealedSessionKey),
          signature: Signature,
        }),
        batches: z.array(Batch).max(mostRecords),
        rejected: z.array(z.strictObject({ first: Sequence, count: z.int().min(1).max(mostRecords) })).max(mostSpans),
      })
      .optional(),
  })
  .refine(({ first, count, sealed }) => sealed === undefined || areWhole({ first, count }, sealed), {
    path: ['sealed', 'batches'],
  });
export type SealedBody = z.output<typeof SealedBody>;
export type SealedPart = NonNullable<SealedBody['sealed']>;

const areInOrder = (places: readonly number[]) => places.every((place, index) => place > (places[index - 1] ?? -1));

interface Span {
  readonly first: number;
  readonly count: number;
}

/** Nothing missing, nothing twice. */
function areWhole(
  { first, count }: Span,
  { batches, rejected }: { readonly batches: readonly Span[]; readonly rejected: readonly Span[] },
): boolean {
  let next = first;
  for (const span of [...batches, ...rejected].sort((a, b) => a.first - b.first)) {
    if (span.first !== next) return false;
    next += span.count;
  }
  return next === first + count;
}
