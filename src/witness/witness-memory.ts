import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../log/replace-file.js';
import { openCheckpoint, type Checkpoint } from '../merkle/checkpoint.js';
import { Problem } from '../problem.js';
import { formatEvidence, type Evidence } from './evidence.js';
import { holdFolder, type HeldFolder } from './hold-folder.js';
import type { KnownLog } from './judge-checkpoint.js';

/** What a log's key can make us keep is bounded: whoever holds it could sign forks all day. */
const mostEvidence = 100;

/** A checkpoint that was cosigned last, and the note that says so. */
export interface Cosigned extends Checkpoint {
  readonly note: string;
}

/** Names a log in paths, as the read side of witnesses has it: SHA-256 of its origin, in hex. */
export const originId = (origin: string): string => createHash('sha256').update(origin).digest('hex');

/**
 * All that a witness must not forget: one file a log, the note that it cosigned last, and a file for each proof of
 * misbehaviour. Whoever puts an older copy of this folder back makes the witness forget (docs/threat-model.md).
 */
export class WitnessMemory {
  private constructor(
    readonly folder: string,
    private readonly held: HeldFolder,
    private readonly evidence: Set<string>,
  ) {}

  /** @throws Problem data_in_use, witness_memory_unusable */
  static async open(folder: string): Promise<WitnessMemory> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch {
      throw new Problem('witness_memory_unusable', { file: folder });
    }
    const held = await holdFolder(folder);
    const names = await readdir(folder);
    return new WitnessMemory(folder, held, new Set(names.filter((name) => /^(fork|rollback)-.*\.json$/.test(name))));
  }

  /** Undefined for a log that was never cosigned. @throws Problem witness_memory_unusable */
  async last({ origin, verifiers }: KnownLog): Promise<Cosigned | undefined> {
    const file = this.fileOf(origin);
    try {
      const note = await readFile(file, 'utf8');
      return { ...openCheckpoint(note, origin, verifiers), note };
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return undefined;
      throw new Problem('witness_memory_unusable', { file });
    }
  }

  /** Durable once it resolves. @throws Problem data_in_use, witness_memory_unusable: it may be there, or not */
  async keep(origin: string, note: string): Promise<void> {
    await this.held.check();
    await this.write(this.fileOf(origin), note);
  }

  /** The first of each kind for a checkpoint that was cosigned. Returns its file; undefined where there are too many. */
  async convict(origin: string, evidence: Evidence, witnessedSize: number): Promise<string | undefined> {
    const name = `${evidence.kind}-${originId(origin).slice(0, 16)}-${witnessedSize}.json`;
    const file = join(this.folder, name);
    if (this.evidence.has(name)) return file;
    if (this.evidence.size >= mostEvidence) return undefined;
    this.evidence.add(name);
    await this.write(file, formatEvidence(evidence));
    return file;
  }

  /** How many proofs of misbehaviour lie in the folder, of any log. An operator moves them away. */
  get evidenceCount(): number {
    return this.evidence.size;
  }

  close(): Promise<void> {
    return this.held.release();
  }

  private async write(file: string, text: string): Promise<void> {
    await replaceFile(file, text).catch(() => {
      throw new Problem('witness_memory_unusable', { file });
    });
  }

  private fileOf(origin: string): string {
    return join(this.folder, `${originId(origin)}.checkpoint`);
  }
}
