import { z } from 'zod';

/** Index of an entry in the log, from 0. A log of size n holds positions 0 to n - 1. */
export const Position = z.int().min(0).brand<'Position'>();
export type Position = z.infer<typeof Position>;

/** A pseudonym: a real name or address never is an id, since ids stand in clear headers. */
export const SubjectId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  .brand<'SubjectId'>();
export type SubjectId = z.infer<typeof SubjectId>;

export const SessionId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  .brand<'SessionId'>();
export type SessionId = z.infer<typeof SessionId>;

/**
 * Whoever acts: an account of the identity provider, or `subject:` and a subject's id. Never `custos`: that is the service
 * (`Actor`), whose entries and whose command ids nobody else may have.
 */
export const PersonId = z
  .string()
  .regex(/^(?!custos$)[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/)
  .brand<'PersonId'>();
export type PersonId = z.infer<typeof PersonId>;

/** Also the id of the grant that the request may become. */
export const RequestId = z.uuid().brand<'RequestId'>();
export type RequestId = z.infer<typeof RequestId>;

/** Names one act of governance that officers sign. Chosen by whoever proposes it, since the signature names it. */
export const ActId = z.uuid().brand<'ActId'>();
export type ActId = z.infer<typeof ActId>;

export const LockId = z.uuid().brand<'LockId'>();
export type LockId = z.infer<typeof LockId>;

/** Names one attempt to find out who can still open what. */
export const ContainmentId = z.uuid().brand<'ContainmentId'>();
export type ContainmentId = z.infer<typeof ContainmentId>;

/** Names what people write down about one leak, from when it is found until it is closed. */
export const IncidentId = z.uuid().brand<'IncidentId'>();
export type IncidentId = z.infer<typeof IncidentId>;

export const GrantId = z.uuid().brand<'GrantId'>();
export type GrantId = z.infer<typeof GrantId>;

/** Stands where a grant's id would: a subject reads their own records. No grant can have it, since its id is a UUID. */
export const ownCopy = 'own' as GrantId;

/** Names one intended write. Sent again, it gets the answer of the first time. */
export const CommandId = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{8,128}$/)
  .brand<'CommandId'>();
export type CommandId = z.infer<typeof CommandId>;

export const personOfSubject = (subject: SubjectId): PersonId => `subject:${subject}` as PersonId;
