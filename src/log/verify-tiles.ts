import { tileWidth } from '../merkle/tile.js';
import type { Queryable } from './database.js';
import { perfectRoot } from '../merkle/perfect-root.js';

interface Tile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
  readonly root: Uint8Array;
}

/** Builds the full tiles again from the leaves and compares them with the stored ones. */
export class TileCheck {
  checked = 0;
  private readonly open: Uint8Array[][] = [];
  private readonly done: number[] = [];
  private complete: Tile[] = [];

  constructor(
    private readonly db: Queryable,
    private readonly report: (position: number) => void,
  ) {}

  add(hash: Uint8Array, level = 0): void {
    const hashes = (this.open[level] ??= []);
    hashes.push(hash);
    if (hashes.length < tileWidth) return;
    const index = this.done[level] ?? 0;
    const root = perfectRoot(hashes);
    this.complete.push({ level, index, hashes: Buffer.concat(hashes), root });
    this.done[level] = index + 1;
    this.open[level] = [];
    this.add(root, level + 1);
  }

  async flush(): Promise<void> {
    for (const { level, index, hashes, root } of this.complete) {
      const { rows } = await this.db.query<{ hashes: Buffer; root: Buffer }>(
        'SELECT hashes, root FROM log.tile WHERE level = $1 AND index = $2',
        [level, index],
      );
      this.checked += 1;
      if (rows[0]?.hashes.equals(hashes) !== true || !rows[0].root.equals(root)) {
        this.report(this.firstDifference(level, index, hashes, rows[0]?.hashes));
      }
    }
    this.complete = [];
  }

  /** The first position below the first hash that differs. */
  private firstDifference(level: number, index: number, hashes: Uint8Array, stored: Buffer | undefined): number {
    const at = hashes.findIndex((byte, offset) => stored?.[offset] !== byte);
    return (index * tileWidth + Math.floor(Math.max(at, 0) / 32)) * tileWidth ** level;
  }
}
