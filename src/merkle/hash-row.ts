import { checkBytes } from './checked.js';
import { emptyFrontier, type Frontier } from './frontier.js';
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

  /** The frontier of the tree over these leaves alone. */
  frontier(): Frontier {
    if (this.count === 0) return emptyFrontier;
    const hashes: Uint8Array[] = [];
    const row = new HashRow(this.count);
    row.memory.set(this.bytes, hashesAt);
    for (let count = this.count; count > 0; count = Math.floor(count / 2)) {
      if (count % 2 === 1) hashes.unshift(row.at(count - 1).slice());
      row.pairUp(count);
    }
    return { size: this.count, hashes };
  }

  /** Makes the first `count` hashes those of the level above, in place: a parent is written where it was read or before. */
  private pairUp(count: number): void {
    const { memory, input } = this;
    for (let pair = 0; pair + 1 < count; pair += 2) {
      const from = hashesAt + pair * hashBytes;
      memory.copyWithin(inputAt + 1, from, from + 2 * hashBytes);
      digestInto(memory, hashesAt + (pair / 2) * hashBytes, input);
    }
  }
}

const inputAt = 3; // so that all hashes are aligned
const hashesAt = inputAt + 1 + 2 * hashBytes;

/** The root of a perfect subtree, from a power of two of hashes end to end. */
export function perfectRoot(hashes: Uint8Array): Uint8Array {
  checkBytes('hashes', hashes);
  const row = new HashRow(hashes.length / hashBytes);
  row.bytes.set(hashes);
  const { hashes: roots } = row.frontier();
  if (roots.length !== 1) throw new RangeError('hashes: not a power of two');
  return roots[0] as Uint8Array;
}
