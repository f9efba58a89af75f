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
export const releaseSaid = ({ data }: Pick<EntryOf<'disclosure.made'>, 'data'>): ReleaseSaid => Said.parse(data);

const Ended = z.object({
  disclosure: z.int().min(0),
  records: z.int().min(0),
  outcome: z.enum(['delivered', 'broken_off', 'failed']),
});
export type EndSaid = z.infer<typeof Ended>;

/** Undefined: it says nothing that could be read, and ends no release. Total. */
export const endSaid = ({ data }: Pick<EntryOf<'disclosure.completed'>, 'data'>): EndSaid | undefined =>
  Ended.safeParse(data).data;
