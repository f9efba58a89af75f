import { sealedBatchType } from '../../src/kafka/read-message.js';
import type { SealedPost } from '../../src/sealing/seal-at-source.js';
import type { SealedFor } from '../sealed-source.js';

/** What of a session goes into one message of a topic: a CloudEvent in JSON (docs/formats/kafka.md). */
export function sealedEvent(
  sealed: SealedPost,
  {
    session = 'one',
    subject = 's1',
    first = 0,
  }: Pick<SealedFor, 'session' | 'subject'> & { readonly first?: number } = {},
) {
  const spans = [...sealed.batches, ...sealed.rejected];
  const count = spans.reduce((sum, span) => sum + span.count, 0);
  return {
    specversion: '1.0',
    type: sealedBatchType,
    source: '/recorder',
    id: `${session}/${first}`,
    data: { session, subject, format: 'rrweb', first, count, sealed },
  };
}
