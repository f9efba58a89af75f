import { checkBytes, checkCount } from './checked.js';
import { foldSubtrees, type Frontier } from './frontier.js';
import { hashBytes, nodeHash } from './hash.js';

/**
 * A tree just after leaves were appended to it, known from the frontier before and the new leaves alone: its
 * frontier, its root, and the inclusion proof of every new leaf. Nothing is read back, because whatever stands to the
 * left of a new leaf in its path is a perfect subtree: an old one is an element of the old frontier, any other
 * holds a new leaf and was hashed here.
 *
 * About one node hash a new leaf, once, and log2 of the size for the ragged right edge.
 */
export class AppendedLeaves {
  readonly frontier: Frontier;
  private readonly rows: readonly Row[];
  /** The root over what is right of each level's last perfect subtree, RFC 6962 §2.1; undefined where nothing is. */
  private readonly ragged: readonly (Uint8Array | undefined)[];

  /** `leaves` are 32-byte hashes, in order. */
  constructor(
    private readonly before: Frontier,
    leaves: readonly Uint8Array[],
  ) {
    for (const leaf of leaves) checkBytes('leaf', leaf, hashBytes);
    const size = before.size + leaves.length;
    checkCount('size', size);
    this.rows = rowsOver(before, leaves, size);
    this.ragged = raggedEdge(this.rows);
    this.frontier = { size, hashes: [...this.rows].reverse().flatMap(({ last }) => last ?? []) };
  }

  /** The RFC 6962 §2.1 root of the tree. */
  get root(): Uint8Array {
    return foldSubtrees(this.frontier.hashes);
  }

  /** RFC 6962 §2.1.1, PATH(index, D[size]), of a leaf that is new. */
  inclusionProof(index: number): Uint8Array[] {
    const { size } = this.frontier;
    if (index < this.before.size) throw new RangeError('index: not a new leaf');
    checkCount('index', index, size - 1);
    const siblings: Uint8Array[] = [];
    let node = index;
    for (const [level, row] of this.rows.entries()) {
      if (node % 2 === 1) siblings.push(at(row, node - 1));
      else if (node + 1 < row.end) siblings.push(at(row, node + 1));
      else if (node < row.end) {
        const edge = this.ragged[level];
        if (edge !== undefined) siblings.push(edge);
      } // Past the last perfect subtree the node is the ragged edge itself, and is carried up.
      node = Math.floor(node / 2);
    }
    return siblings;
  }

  /** The root of the perfect subtree over the 2^`level` leaves from `index` * 2^`level` on, if it was not full before. */
  completedRoot(level: number, index: number): Uint8Array {
    const row = this.rows[level];
    if (row === undefined) throw new RangeError('level: above the tree');
    return at(row, index);
  }
}

/** The perfect subtrees of one level, from the first that was not full before. */
interface Row {
  /** The one to the left of the first, which an odd `start` has for its sibling. */
  readonly old: Uint8Array | undefined;
  readonly start: number;
  readonly hashes: readonly Uint8Array[];
  readonly end: number;
  /** The level's last perfect subtree, if the frontier of the new tree has it. */
  readonly last: Uint8Array | undefined;
}

function rowsOver(before: Frontier, leaves: readonly Uint8Array[], size: number): Row[] {
  const rows: Row[] = [];
  const old = [...before.hashes];
  let hashes = leaves;
  for (let start = before.size, end = size; end > 0;) {
    // Bit `level` of a size says whether its frontier has a subtree of that level; the smallest stands last.
    const row = { old: start % 2 === 1 ? old.pop() : undefined, start, hashes, end };
    rows.push({ ...row, last: end % 2 === 1 ? at(row, end - 1) : undefined });
    start = Math.floor(start / 2);
    end = Math.floor(end / 2);
    hashes = parents(row, start, end);
  }
  return rows;
}

function parents(row: Omit<Row, 'last'>, start: number, end: number): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let index = start; index < end; index += 1) above.push(nodeHash(at(row, index * 2), at(row, index * 2 + 1)));
  return above;
}

function raggedEdge(rows: readonly Row[]): (Uint8Array | undefined)[] {
  const edges: (Uint8Array | undefined)[] = [];
  let edge: Uint8Array | undefined;
  for (const { last } of rows) {
    edges.push(edge);
    if (last !== undefined) edge = edge === undefined ? last : nodeHash(last, edge);
  }
  return edges;
}

function at({ old, start, hashes }: Omit<Row, 'last'>, index: number): Uint8Array {
  const hash = index === start - 1 ? old : hashes[index - start];
  if (hash === undefined) throw new Error('appended leaves: a subtree that the size promises is not there');
  return hash;
}
