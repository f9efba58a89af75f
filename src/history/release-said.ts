import { z } from 'zod';
import { FieldName, fieldNames } from '../log/fields.js';
import type { EntryOf } from '../log/header.js';
import { GrantId, ownCopy, SessionId } from '../log/ids.js';

const Said = z.object({
  grant: z.union([GrantId, z.literal(ownCopy)]).catch('' as GrantId),
  session: SessionId.catch('' as SessionId),
  fields: z
    .array(FieldName)
    .min(1)
    .catch([...fieldNames]),
  records: z.int().min(0).optional().catch(undefined),
});
/** Ids that cannot be read are empty, and what cannot be read of the fields is all of them. */
export type ReleaseSaid = z.infer<typeof Said>;

/**
 * What an entry says of a release. A stolen service can have written anything; whatever that is, it is a release, of all
 * that it may have been: unknown counts as exposed (history H3). Total.
 */
export const releaseSaid = ({ data }: EntryOf<'disclosure.made'>): ReleaseSaid => Said.parse(data);

const Ended = z.object({
  disclosure: z.int().min(0),
  records: z.int().min(0),
  outcome: z.enum(['delivered', 'broken_off', 'failed']),
});
export type EndSaid = z.infer<typeof Ended>;

/** Undefined: it says nothing that could be read, or of a release that was not there, and ends none. Total. */
export function endSaid({ position, data }: EntryOf<'disclosure.completed'>): EndSaid | undefined {
  const end = Ended.safeParse(data).data;
  return end !== undefined && end.disclosure < position ? end : undefined;
}
