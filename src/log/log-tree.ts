import { encodeEntryBundle } from '../merkle/entry-bundle.js';
import { hashBytes } from '../merkle/hash.js';
import { tileWidth, type TileAddress } from '../merkle/tile.js';
import { formatTlogProof, type TlogProof } from '../merkle/tlog-proof.js';
import { inclusionProof, tileTree, type TreeReader } from '../merkle/tree.js';
import { Problem } from '../problem.js';
import type { Queryable } from './database.js';
import type { LogReader } from './log-reader.js';
import { formatReceipt } from './receipt.js';

/**
 * The tree as it is stored, in the forms of C2SP. Whatever it gives lies below the head, and the head moves in the
 * transaction that signs its checkpoint: so a signed checkpoint covers it, and nothing of it ever changes.
 */
export class LogTree {
  constructor(
    private readonly db: Queryable,
    private readonly reader: LogReader,
  ) {}

  /** Proof that an entry is in the log, under the first checkpoint that covers it. @throws Problem position_unknown */
  async proof(position: number): Promise<string> {
    return formatTlogProof(await this.inclusion(position));
  }

  /**
   * The proof together with the entry: under the first checkpoint that covers it, and the same bytes whenever it is
   * asked; or under another that is named. @throws Problem position_unknown
   */
  async receipt(position: number, under?: { readonly size: number; readonly checkpoint: string }): Promise<string> {
    const [header, inclusion] = await Promise.all([this.reader.header(position), this.inclusion(position, under)]);
    return formatReceipt({ ...inclusion, header });
  }

  /**
   * The hashes of one tile. A partial one is given whether or not the full one is there by now: whoever holds an
   * older checkpoint needs it. @throws Problem tile_unknown
   */
  async tile({ level, index, width }: TileAddress): Promise<Uint8Array> {
    const { size } = await this.reader.head();
    if ((index * tileWidth + width) * tileWidth ** level > size) throw new Problem('tile_unknown', { size });
    return this.hashes({ level, index, width }, size);
  }

  /** The headers under a tile of level 0, as they were hashed. @throws Problem tile_unknown */
  async entryBundle({ index, width }: Omit<TileAddress, 'level'>): Promise<Uint8Array> {
    const { size } = await this.reader.head();
    const first = index * tileWidth;
    if (first + width > size) throw new Problem('tile_unknown', { size });
    const rows = await this.reader.headers(first, width);
    const missing = rows.findIndex(({ position }, offset) => position !== first + offset);
    if (missing !== -1 || rows.length !== width) {
      throw new Problem('log_corrupt', { position: first + (missing === -1 ? rows.length : missing) });
    }
    return encodeEntryBundle(rows.map(({ header }) => header));
  }

  /** The hashes of the tree over the log's first `size` entries, which must be there. Make one for a handful of proofs. */
  subtrees(size: number): TreeReader {
    return tileTree((level, index, width) => this.hashes({ level, index, width }, size), size);
  }

  private async inclusion(
    index: number,
    under?: { readonly size: number; readonly checkpoint: string },
  ): Promise<TlogProof> {
    const { size, checkpoint } = under ?? (await this.reader.checkpointCovering(index + 1));
    return { index, proof: await inclusionProof(this.subtrees(size), index, size), checkpoint };
  }

  /** A full tile is stored; a partial one is made of the leaves, or of the roots of the full tiles below it. */
  private async hashes({ level, index, width }: TileAddress, size: number): Promise<Uint8Array> {
    const first = index * tileWidth;
    const isStored = (index + 1) * tileWidth ** (level + 1) <= size;
    const { rows } = await this.db.query<{ hash: Buffer }>(
      isStored
        ? { ...statements.stored, values: [level, index, width * hashBytes] }
        : level === 0
          ? { ...statements.leaves, values: [first, first + width] }
          : { ...statements.roots, values: [level - 1, first, first + width] },
    );
    const hashes = Buffer.concat(rows.map(({ hash }) => hash));
    // The size promises it: a row is gone, and which one is for `custos verify` to say.
    if (hashes.length !== width * hashBytes) throw new Problem('log_corrupt', { position: first * tileWidth ** level });
    return hashes;
  }
}

/** By primary key, each: a tile costs the same in a log of any size. */
export const statements = {
  stored: {
    name: 'tile-stored',
    text: 'SELECT substring(hashes FROM 1 FOR $3::int) AS hash FROM log.tile WHERE level = $1 AND index = $2',
  },
  leaves: {
    name: 'tile-leaves',
    text: 'SELECT leaf AS hash FROM log.entry WHERE position >= $1 AND position < $2 ORDER BY position',
  },
  roots: {
    name: 'tile-roots',
    text: 'SELECT root AS hash FROM log.tile WHERE level = $1 AND index >= $2 AND index < $3 ORDER BY index',
  },
};
