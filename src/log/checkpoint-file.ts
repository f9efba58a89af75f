import { readFile, rm } from 'node:fs/promises';
import { openCheckpoint } from '../merkle/checkpoint.js';
import type { NoteVerifier } from '../merkle/note.js';
import { Problem } from '../problem.js';
import type { AcceptedLoss, CheckpointKeeper, KeptCheckpoint } from './checkpoint-keeper.js';
import { replaceFile } from './replace-file.js';

/** A signed checkpoint has some 200 bytes, one with many cosignatures some thousands. */
const mostCharacters = 64 * 1024;

/**
 * The last checkpoint in a file, as the signed note itself: any tool for signed notes reads it. One process, one
 * file. It is replaced whole (`replaceFile`), so a crash leaves the old or the new one.
 */
export class CheckpointFile implements CheckpointKeeper {
  private writing: Promise<unknown> = Promise.resolve();
  /** What was written last: found there again, its signature has been verified. */
  private kept: KeptCheckpoint | undefined;

  constructor(
    readonly place: string,
    private readonly trusted: { readonly origin: string; readonly verifiers: readonly NoteVerifier[] },
  ) {}

  async last(): Promise<KeptCheckpoint | undefined> {
    const note = await this.read(this.place);
    return note === undefined ? undefined : this.opened(note);
  }

  /** One after the other; each looks at what is there, since another process may share the file against our advice. */
  keep(note: string): Promise<void> {
    return this.afterTheOthers(async () => {
      const checkpoint = this.opened(note);
      const last = await this.last();
      if (last !== undefined && checkpoint.size <= last.size) return;
      await this.write(this.place, note);
      this.kept = checkpoint;
    });
  }

  async accepted(): Promise<AcceptedLoss | undefined> {
    const text = await this.read(this.acceptancePlace);
    const last = await this.last();
    if (text === undefined || last === undefined) return undefined;
    try {
      const { lost, reason } = JSON.parse(text) as { lost: string; reason: string };
      // An acceptance is of one loss: once the log has gone on, it says nothing any more.
      return lost === last.note && typeof reason === 'string' ? { lost: last, reason } : undefined;
    } catch {
      throw this.unusable();
    }
  }

  /** The operator's act (`custos accept-rollback`): names the checkpoint whose entries are given up. */
  accept({ lost, reason }: AcceptedLoss): Promise<void> {
    return this.write(this.acceptancePlace, `${JSON.stringify({ lost: lost.note, reason })}\n`);
  }

  startOverFrom(note: string): Promise<void> {
    return this.afterTheOthers(async () => {
      await this.write(this.place, this.opened(note).note);
      // If we stop here, what is left names a checkpoint that is not the last one, and means nothing.
      await rm(this.acceptancePlace, { force: true });
    });
  }

  private get acceptancePlace(): string {
    return `${this.place}.accepted`;
  }

  private afterTheOthers(work: () => Promise<void>): Promise<void> {
    const next = this.writing.then(work);
    this.writing = next.catch(() => undefined);
    return next;
  }

  private opened(note: string): KeptCheckpoint {
    if (note === this.kept?.note) return this.kept;
    try {
      const { origin, verifiers } = this.trusted;
      return { ...openCheckpoint(note, origin, verifiers), note };
    } catch {
      throw this.unusable();
    }
  }

  private async read(path: string): Promise<string | undefined> {
    try {
      const text = await readFile(path, 'utf8');
      if (text.length <= mostCharacters) return text;
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return undefined;
    }
    throw this.unusable();
  }

  private async write(path: string, text: string): Promise<void> {
    await replaceFile(path, text).catch(() => {
      throw this.unusable();
    });
  }

  private unusable(): Problem {
    return new Problem('checkpoint_file_unusable', { file: this.place });
  }
}
