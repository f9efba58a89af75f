import { openCheckpoint, type Checkpoint } from '../merkle/checkpoint.js';
import { formatAddCheckpoint, type AddCheckpoint } from '../merkle/add-checkpoint.js';
import { cosignaturesOn } from '../merkle/cosignature.js';
import { onlySignedBy, parseNote, signatureLine } from '../merkle/note.js';
import { fetchBounded, textOf } from './fetch-bounded.js';
import type { KnownLog } from './judge-checkpoint.js';
import { originId } from './witness-memory.js';
import type { TrustedWitness } from './witnesses.js';

const mostNoteBytes = 64 * 1024;

export type Asked =
  /** `line` is the signature line, verified. */
  | { readonly kind: 'cosigned'; readonly line: string }
  | { readonly kind: 'size_differs'; readonly size: number }
  /** It would not; the status says why (C2SP tlog-witness). */
  | { readonly kind: 'refused'; readonly status: number };

/**
 * The checkpoint that a witness cosigned last, as its log signed it; undefined if it says that there is none.
 * @throws Error where it does not answer, or with what neither of the two has signed
 */
export async function lastCosigned(
  { url, cosigner }: TrustedWitness,
  { origin, verifiers }: KnownLog,
  signal?: AbortSignal,
): Promise<(Checkpoint & { readonly note: string }) | undefined> {
  const fetched = await fetchBounded(`${url}/${originId(origin)}/checkpoint`, mostNoteBytes, {}, signal);
  if (fetched.status === 404) return undefined;
  const note = textOf(fetched);
  if (fetched.status !== 200 || cosignaturesOn(note, [cosigner]).length === 0) throw new Error('not a cosigned note');
  return { ...openCheckpoint(note, origin, verifiers), note: onlySignedBy(note, [...verifiers, cosigner]) };
}

/** @throws Error where it does not answer, or with a line that is no cosignature of its own */
export async function askToCosign(
  { url, cosigner }: TrustedWitness,
  asked: AddCheckpoint,
  signal?: AbortSignal,
): Promise<Asked> {
  const body = formatAddCheckpoint(asked);
  const answer = await fetchBounded(`${url}/add-checkpoint`, mostNoteBytes, { method: 'POST', body }, signal);
  const text = textOf(answer);
  if (answer.status === 409 && answer.type === 'text/x.tlog.size') {
    const [, size] = /^(0|[1-9][0-9]{0,15})\n$/.exec(text) ?? [];
    if (!Number.isSafeInteger(Number(size))) throw new Error('not a size');
    return { kind: 'size_differs', size: Number(size) };
  }
  if (answer.status !== 200) return { kind: 'refused', status: answer.status };
  // Lines of others are ignored, as C2SP asks; one of this witness has to verify.
  const cosigned = asked.checkpoint + text;
  if (cosignaturesOn(cosigned, [cosigner]).length === 0) throw new Error('not a cosignature');
  const own = parseNote(cosigned).signatures.filter(
    ({ name, keyId }) => name === cosigner.name && Buffer.compare(keyId, cosigner.keyId) === 0,
  );
  const { name, keyId, signature } = own.at(-1) as (typeof own)[number];
  return { kind: 'cosigned', line: signatureLine(name, keyId, signature) };
}
