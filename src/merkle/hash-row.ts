import type { Frontier } from './frontier.js';
import { digestInto, hashBytes, nodePrefix } from './hash.js';

/**
 * Neighbouring hashes of one level of a tree, end to end in one piece of memory. Thousands of small arrays would cost
 * more to collect than the hashing itself.
 */
export class HashRow {
  /** Room for one node's input, so that nothing is made or moved out of here to hash it; then the hashes. */
  private readonly memory: Uint8Array;
  private readonly input: Uint8Array;

  constructor(readonly count: number) {
    this.memory = new Uint8Array(hashesAt + count * hashBytes);
    this.memory[inputAt] = nodePrefix;
    this.input = this.memory.subarray(inputAt, hashesAt);
  }

  /** All of them, end to end. A view. */
  get bytes(): Uint8Array {
    return this.memory.subarray(hashesAt);
  }

  /** A view. */
  at(index: number): Uint8Array {
    return this.memory.subarray(hashesAt + index * hashBytes, hashesAt + (index + 1) * hashBytes);
  }

  /** The level above: the parents of every two. A last one without a sibling has none. */
  parents(): HashRow {
    const { memory, input } = this;
    const row = new HashRow(Math.floor(this.count / 2));
    for (let parent = 0; parent < row.count; parent += 1) {
      const from = hashesAt + 2 * parent * hashBytes;
      memory.copyWithin(inputAt + 1, from, from + 2 * hashBytes);
      digestInto(row.memory, hashesAt + parent * hashBytes, input);
    }
    return row;
  }
}

const inputAt = 3; // so that all hashes are aligned
const hashesAt = inputAt + 1 + 2 * hashBytes;

/** Every perfect subtree over some leaves: one hash a node, and then any frontier or root of them is a look-up. */
export class RowTree {
  /** The leaves, and level by level what is above them. */
  readonly rows: readonly HashRow[];

  constructor(leaves: HashRow) {
    const rows = [leaves];
    for (let top = leaves; top.count > 1;) rows.push((top = top.parents()));
    this.rows = rows;
  }

  /** The frontier of the tree over the first `size` leaves alone. Its hashes are copies. */
  frontier(size: number): Frontier {
    const hashes: Uint8Array[] = [];
    for (let level = 0; 2 ** level <= size; level += 1) {
      const count = Math.floor(size / 2 ** level);
      if (count % 2 === 1) hashes.unshift(this.at(level, count - 1).slice());
    }
    return { size, hashes };
  }

  /** The root of the perfect subtree over 2^`level` leaves from `index` * 2^`level` on. A view. */
  at(level: number, index: number): Uint8Array {
    const row = this.rows[level];
    if (row === undefined || index >= row.count) throw new RangeError('tree: no such subtree');
    return row.at(index);
  }
}
