/** A signed checkpoint, with the signatures of others on it. */
export interface CosignedCheckpoint {
  readonly size: number;
  readonly checkpoint: string;
}

/**
 * What others have cosigned, as far as this process knows: the newest checkpoint for each number of them. In memory
 * only: they are asked again after a start. Whoever adds has verified.
 */
export class CosignedCheckpoints {
  /** At index k the newest with at least k cosignatures. */
  private readonly newest: CosignedCheckpoint[] = [];
  private lines = new Map<string, Map<string, string>>();

  /** `line`: the signature line of `name` on this note of the log. */
  add({ size, checkpoint }: CosignedCheckpoint, name: string, line: string): void {
    const lines = this.lines.get(checkpoint) ?? new Map<string, string>();
    this.lines.set(checkpoint, lines.set(name, line));
    const cosigned = { size, checkpoint: checkpoint + [...lines.values()].join('') };
    for (let count = 1; count <= lines.size; count += 1) {
      if ((this.newest[count]?.size ?? 0) <= size) this.newest[count] = cosigned;
    }
    this.forgetOlderThan(Math.min(...this.newest.slice(1).map((one) => one.size)));
  }

  /** The newest with at least so many. */
  by(count: number): CosignedCheckpoint | undefined {
    return this.newest[count];
  }

  /** The same checkpoint with all the cosignatures that there are on it: those lines may be of use, and harm nobody. */
  on({ checkpoint }: { readonly checkpoint: string }): string {
    return checkpoint + [...(this.lines.get(checkpoint)?.values() ?? [])].join('');
  }

  /** A checkpoint below all of the newest can become none of them: those who lag ask with newer ones. */
  private forgetOlderThan(size: number): void {
    const entries = [...this.lines].filter(([note]) => sizeOf(note) >= size);
    // One of them may never come back; what it has not cosigned is not kept for it for ever.
    this.lines = new Map(entries.slice(-mostKept));
  }
}

/** Rounds that may be under way, for witnesses of different speed. */
const mostKept = 64;
/** The second line of a checkpoint of ours. */
const sizeOf = (note: string): number => Number(note.split('\n', 2)[1]);
