import type { Entry, EntryOf } from '../log/header.js';
import { MerkleError } from '../merkle/merkle-error.js';
import { parseVerifierKey, type NoteVerifier } from '../merkle/note.js';
import { wrongUse } from './refusal.js';

/** Whose checkpoints count. From the trust file or the command line, never from the service. */
export interface LogKey {
  readonly origin: string;
  readonly verifiers: readonly [NoteVerifier];
}

export interface DisclosureAsked {
  readonly grant: string;
  readonly session: string;
  /** Undefined: whatever the grant gives. */
  readonly fields: readonly string[] | undefined;
  readonly person: string | undefined;
}

export type DisclosureCheck = 'entry_type' | 'entry_grant' | 'entry_session' | 'entry_fields' | 'entry_person';

/** What of an entry is not the disclosure that was asked for: a proven entry may still be another one. */
export function disclosureDiffers(entry: Entry, asked: DisclosureAsked): readonly DisclosureCheck[] {
  if (!isDisclosure(entry)) return ['entry_type'];
  const { grant, session, fields } = entry.data;
  const checks: readonly (readonly [DisclosureCheck, boolean])[] = [
    ['entry_grant', grant === asked.grant],
    ['entry_session', session === asked.session],
    ['entry_fields', asked.fields === undefined ? fields.length > 0 : sameSet(fields, asked.fields)],
    ['entry_person', asked.person === undefined || entry.actor === asked.person],
  ];
  return checks.filter(([, holds]) => !holds).map(([check]) => check);
}

export const isDisclosure = (entry: Entry): entry is EntryOf<'disclosure.made'> => entry.type === 'disclosure.made';

/** The log's key out of the trust file. @throws Problem trust_file_invalid */
export async function trustedLogKey(path: string): Promise<LogKey> {
  const { loadTrust } = await import('../identity/trust.js');
  const { origin, log } = await loadTrust(path);
  return { origin, verifiers: [parseVerifierKey(log)] };
}

/** The log's key as typed: its name is the origin. @throws Problem usage */
export function namedLogKey(text: string): LogKey {
  try {
    const verifier = parseVerifierKey(text);
    return { origin: verifier.name, verifiers: [verifier] };
  } catch (error) {
    if (!(error instanceof MerkleError)) throw error;
    throw wrongUse('--log-key', 'a verifier key, name+id+key');
  }
}

const sameSet = (a: readonly string[], b: readonly string[]) =>
  new Set(a).size === new Set(b).size && a.every((one) => b.includes(one));
