import type pg from 'pg';
import { hashBytes } from '../merkle/hash.js';
import { perfectRoot } from '../merkle/perfect-root.js';
import { tileWidth } from '../merkle/tile.js';
import type { Findings } from './checks.js';

/**
 * Builds the full tiles above the lowest again, from the roots of those below, and compares them with the stored ones.
 * The lowest are compared with the leaves, page by page.
 */
export class UpperTiles {
  checked = 0;
  private readonly open: Uint8Array[][] = [];
  private readonly done: number[] = [];

  constructor(
    private readonly client: pg.ClientBase,
    private readonly findings: Findings,
  ) {}

  /** Roots of tiles of the lowest level, end to end, in order. `compare`: whether the stored ones are looked at. */
  async add(roots: Uint8Array, { compare }: { compare: boolean }): Promise<void> {
    for (let at = 0; at < roots.length; at += hashBytes) await this.put(roots.slice(at, at + hashBytes), 1, compare);
  }

  private async put(hash: Uint8Array, level: number, compare: boolean): Promise<void> {
    const hashes = (this.open[level] ??= []);
    hashes.push(hash);
    if (hashes.length < tileWidth) return;
    const index = this.done[level] ?? 0;
    this.done[level] = index + 1;
    this.open[level] = [];
    const root = perfectRoot(hashes);
    if (compare) await this.compare(level, index, Buffer.concat(hashes), root);
    await this.put(root, level + 1, compare);
  }

  private async compare(level: number, index: number, hashes: Buffer, root: Uint8Array): Promise<void> {
    const { rows } = await this.client.query<{ hashes: Buffer; root: Buffer }>(
      'SELECT hashes, root FROM log.tile WHERE level = $1 AND index = $2',
      [level, index],
    );
    this.checked += 1;
    const [stored, another] = rows;
    const first = index * tileWidth ** (level + 1);
    if (stored === undefined) this.findings.report(first, 'tile_missing');
    else if (!stored.hashes.equals(hashes)) {
      const at = hashes.findIndex((byte, offset) => stored.hashes[offset] !== byte);
      this.findings.report(first + Math.floor(Math.max(at, 0) / hashBytes) * tileWidth ** level, 'tile_differs');
    } else if (another !== undefined || !stored.root.equals(root)) this.findings.report(first, 'tile_differs');
  }
}
