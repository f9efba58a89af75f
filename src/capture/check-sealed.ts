import { hash } from 'node:crypto';
import { authorityKey, sourceInForce, type EnrolledSource } from '../identity/authority.js';
import type { Draft } from '../log/draft.js';
import type { SealedBy } from '../log/entries.js';
import type { Log } from '../log/log.js';
import { Problem } from '../problem.js';
import { signedBatch, signedEpoch } from '../sealing/source-claims.js';
import type { SealedBody, SealedPart } from './sealed-body.js';

type Batch = SealedPart['batches'][number];
type About = Pick<SealedBody, 'session' | 'subject'>;

/** The key that signed, if it counts now. Another instance may have enrolled it just now: then the log is read on. */
export async function sourceOf(
  log: Pick<Log, 'state' | 'refreshed'>,
  { signedBy }: Pick<SealedPart, 'signedBy'>,
): Promise<EnrolledSource | undefined> {
  const at = Date.now();
  const known = sourceInForce(log.state.of(authorityKey), signedBy, at);
  return known ?? sourceInForce((await log.refreshed()).of(authorityKey), signedBy, at);
}

/**
 * Refuses records that a source has not sealed, as far as one can tell who cannot open them: the bytes are those that were
 * hashed, and the source signed exactly this, for this log, session and subject. Whether a column holds what its field
 * says is the source's word. @throws Problem column_changed, batch_signature_invalid
 */
export function requireSealed(
  { session, subject }: About,
  { epoch, batches }: SealedPart,
  { origin, publicKey }: { readonly origin: string; readonly publicKey: Uint8Array },
): void {
  for (const { sha256, sealed } of batches.flatMap(({ columns }) => columns)) {
    if (!hash('sha256', sealed, 'buffer').equals(sha256)) throw new Problem('column_changed');
  }
  const { id, keyId, sealedKey, signature } = epoch;
  const isNamed = hash('sha256', sealedKey, 'buffer').subarray(0, id.length).equals(id);
  const claim = { origin, subject, session, epoch: id, keyId, sealedKey };
  const isSigned = (batch: Batch) =>
    signedBatch(
      publicKey,
      {
        origin,
        subject,
        id: batch.id,
        data: { session, epoch: id, ...told(batch) },
        columns: batch.columns.map(({ field, sealed, sha256 }) => ({ field, bytes: sealed.length, sha256 })),
      },
      batch.signature,
    );
  const isSound = isNamed && signedEpoch(publicKey, claim, signature) && batches.every(isSigned);
  if (!isSound) throw new Problem('batch_signature_invalid');
}

/** A sealed batch as an entry: what the source signed, and that it did. */
export function batchDraft(
  { session, subject }: About,
  { epoch, signedBy }: SealedPart,
  batch: Batch,
): Draft<'session.batch'> {
  const sealedBy: SealedBy = { key: signedBy, signature: batch.signature };
  return {
    type: 'session.batch',
    stream: `session/${session}`,
    subject,
    id: batch.id,
    data: { session, epoch: epoch.id, ...told(batch), sealedBy },
    columns: batch.columns.map(({ field, sealed }) => ({ field, sealed })),
  };
}

/** What of a batch stands in `data`; without a member that is undefined, which has no encoding. */
const told = ({ first, count, from, to, catalogue, tags }: Batch) => ({
  ...{ first, count, from, to, catalogue },
  ...(tags === undefined ? {} : { tags: tags as Readonly<Record<string, number>> }),
});
