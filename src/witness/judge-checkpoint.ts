import { parseAddCheckpoint, type AddCheckpoint } from '../merkle/add-checkpoint.js';
import { openCheckpoint, parseCheckpoint, type Checkpoint } from '../merkle/checkpoint.js';
import { MerkleError } from '../merkle/merkle-error.js';
import { parseNote, type NoteVerifier } from '../merkle/note.js';
import { verifyConsistency } from '../merkle/proof.js';
import { emptyFrontier, frontierRoot } from '../merkle/frontier.js';

/** A log that a witness knows: by configuration only. */
export interface KnownLog {
  readonly origin: string;
  readonly verifiers: readonly NoteVerifier[];
}

/** What somebody asks for, as far as it is well-formed and of a log that is known. Nothing of it was verified. */
export type Submission =
  | { readonly kind: 'submitted'; readonly log: KnownLog; readonly asked: AddCheckpoint }
  | { readonly kind: 'malformed' | 'origin_unknown' };

/** Why a witness does not cosign. One word each; `witness-server.ts` has the answer of C2SP tlog-witness to each. */
export type Refused = 'malformed' | 'origin_unknown' | 'signature_refused' | 'size_differs' | 'root_differs' | 'proof_refused'; // prettier-ignore
export type Judged =
  | { readonly kind: 'cosign'; readonly checkpoint: Checkpoint }
  /** With the checkpoint where the log has signed it: what a log signed and a witness refuses may convict it. */
  | { readonly kind: Exclude<Refused, 'origin_unknown'>; readonly signed?: Checkpoint };

/** Reads the body of an `add-checkpoint`. Total. */
export function readSubmission(body: string, logs: ReadonlyMap<string, KnownLog>): Submission {
  try {
    const asked = parseAddCheckpoint(body);
    const [origin = ''] = parseNote(asked.checkpoint).text.split('\n');
    const log = logs.get(origin);
    return log === undefined ? { kind: 'origin_unknown' } : { kind: 'submitted', log, asked };
  } catch (error) {
    if (error instanceof MerkleError) return { kind: 'malformed' };
    throw error;
  }
}

/**
 * Whether a witness that cosigned `latest` last may cosign this, in the order of the checks of C2SP tlog-witness.
 * Pure and total. That nothing happens between this and remembering the answer is the caller's to ensure.
 */
export function judgeCheckpoint(
  latest: Pick<Checkpoint, 'size' | 'root'> | undefined,
  { origin, verifiers }: KnownLog,
  { oldSize, proof, checkpoint: note }: AddCheckpoint,
): Judged {
  const signed = signedCheckpoint(note, origin, verifiers);
  if (typeof signed === 'string') return { kind: signed };
  const { size, root } = signed;
  if (oldSize > size) return { kind: 'malformed', signed };
  if (oldSize !== (latest?.size ?? 0)) return { kind: 'size_differs', signed };
  // The empty tree has one root, and what follows on nothing needs no proof.
  if (latest === undefined || oldSize === 0) {
    const fits = proof.length === 0 && (size > 0 || Buffer.compare(root, frontierRoot(emptyFrontier)) === 0);
    return fits ? { kind: 'cosign', checkpoint: signed } : { kind: 'proof_refused', signed };
  }
  if (oldSize === size && proof.length === 0 && Buffer.compare(root, latest.root) !== 0) {
    return { kind: 'root_differs', signed };
  }
  const claim = { fromSize: latest.size, fromRoot: latest.root, toSize: size, toRoot: root, proof };
  return verifyConsistency(claim) ? { kind: 'cosign', checkpoint: signed } : { kind: 'proof_refused', signed };
}

function signedCheckpoint(
  note: string,
  origin: string,
  verifiers: readonly NoteVerifier[],
): Checkpoint | 'malformed' | 'signature_refused' {
  const body = attempt(() => parseCheckpoint(parseNote(note).text));
  if (body === undefined) return 'malformed';
  return attempt(() => openCheckpoint(note, origin, verifiers)) ?? 'signature_refused';
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof MerkleError) return undefined;
    throw error;
  }
}
