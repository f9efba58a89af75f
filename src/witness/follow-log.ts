import { readFile } from 'node:fs/promises';
import { openCheckpoint } from '../merkle/checkpoint.js';
import { hashBytes } from '../merkle/hash.js';
import { MerkleError } from '../merkle/merkle-error.js';
import { onlySignedBy } from '../merkle/note.js';
import { tilePath, tileWidth } from '../merkle/tile.js';
import { consistencyProof, prefixProof, tileTree } from '../merkle/tree.js';
import { fetchBounded, textOf } from './fetch-bounded.js';
import type { KnownLog } from './judge-checkpoint.js';
import type { Witness } from './witness.js';

const mostNoteBytes = 64 * 1024;

/** A log that the witness looks at by itself (C2SP tlog-tiles). */
export interface FollowedLog extends KnownLog {
  /** Prefix of its checkpoint and tiles. */
  readonly url: string;
  /** Read anew for each look, since tokens are short-lived. */
  readonly tokenFile?: string | undefined;
}

/** `overtaken`: somebody submitted a later checkpoint meanwhile. */
export type Looked = 'cosigned' | 'overtaken' | 'unreachable' | 'signature_refused' | 'rolled_back' | 'refused';

/**
 * One look at a log: its checkpoint is fetched, proven out of its tiles to continue the one before, and cosigned. No
 * other interface is needed, so any log of C2SP tlog-tiles can be witnessed. Never throws for what a log does.
 * @throws Problem data_in_use, witness_memory_unusable
 */
export async function lookAt(log: FollowedLog, witness: Witness, signal?: AbortSignal): Promise<Looked> {
  // Before it is fetched: what others submit meanwhile must not make an honest answer look old.
  const latest = witness.last(log.origin);
  const source = sourceOf(log, signal);
  const note = await source.checkpoint().catch(() => undefined);
  if (note === undefined) return 'unreachable';
  let shown;
  try {
    shown = { ...openCheckpoint(note, log.origin, log.verifiers), note: onlySignedBy(note, log.verifiers) };
  } catch (error) {
    if (error instanceof MerkleError) return 'signature_refused';
    throw error;
  }
  if (latest !== undefined && shown.size < latest.size) {
    await witness.accuse(log, latest, shown);
    return 'rolled_back';
  }
  const oldSize = latest?.size ?? 0;
  const tree = tileTree((level, index, width) => source.tile(level, index, width), shown.size);
  const proof = await proven(() => (oldSize === 0 ? [] : consistencyProof(tree, oldSize, shown.size)));
  if (proof === undefined) return 'unreachable';
  const answer = await witness.submit(log, { oldSize, proof, checkpoint: note });
  if (answer.kind === 'cosigned') return 'cosigned';
  if (answer.kind === 'size_differs') return 'overtaken';
  if (answer.kind === 'proof_refused' && latest !== undefined) {
    const hashes = await proven(() => prefixProof(tree, latest.size, shown.size));
    // Where they are the proof, the witness has looked at them already. Its own hashes give the root that the log signed,
    // and another one at the size that was cosigned: it signed two histories.
    if (hashes !== undefined && hashes.length > proof.length) await witness.accuse(log, latest, shown, hashes);
  }
  return 'refused';
}

/** Undefined where a tile is missing, or is none. */
async function proven(make: () => Uint8Array[] | Promise<Uint8Array[]>): Promise<Uint8Array[] | undefined> {
  try {
    return await make();
  } catch {
    return undefined;
  }
}

function sourceOf({ url, tokenFile }: FollowedLog, signal?: AbortSignal) {
  const get = async (path: string, mostBytes: number) => {
    const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim();
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const fetched = await fetchBounded(`${url}/${path}`, mostBytes, { headers }, signal);
    if (fetched.status !== 200) throw new Error('not there');
    return fetched;
  };
  return {
    checkpoint: async () => textOf(await get('checkpoint', mostNoteBytes)),
    tile: async (level: number, index: number, width: number) =>
      (await get(tilePath(level, index, width), tileWidth * hashBytes)).bytes,
  };
}
