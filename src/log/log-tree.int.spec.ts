import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import { openCheckpoint } from '../merkle/checkpoint.js';
import { leafHash } from '../merkle/hash.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { verifyInclusion } from '../merkle/proof.js';
import { tilesOf, tileWidth } from '../merkle/tile.js';
import { parseTlogProof } from '../merkle/tlog-proof.js';
import { memoryTree, tileTree } from '../merkle/tree.js';
import { openPool } from './database.js';
import type { Draft } from './draft.js';
import type { CommandId, PersonId, SubjectId } from './ids.js';
import { statements } from './log-tree.js';
import { Log } from './log.js';
import { verifyReceipt } from './receipt.js';
import { writeCommand } from './write-command.js';

/** The example of C2SP tlog-tiles, "Partial Tiles": the smallest round number with a full tile above full tiles. */
const size = 70_000;
const origin = 'custos.example/test';
const signer = ed25519Signer(origin, randomBytes(32));
const trusted = { origin, verifiers: [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))] };

let database: TestDatabase;
let pool: pg.Pool;
let log: Log;
let leaves: Uint8Array[];

beforeAll(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url('custos_service'), { connections: 4, name: 'test' });
  log = new Log({ pool, identity: { origin, signer }, verifiers: trusted.verifiers, slices: [] });
  await log.start();
  for (let next = 1; next < size; next += 5000) await append(Math.min(5000, size - next), `subject/${next}`);
  leaves = [];
  for (let from = 0; from < size; from += 10_000) {
    leaves.push(...(await log.reader.headers(from, 10_000)).map(({ header }) => leafHash(header)));
  }
}, 180_000);
afterAll(async () => {
  await log.close();
  await pool.end();
  await database.drop();
});

async function append(count: number, stream: string): Promise<void> {
  const entry: Draft = {
    type: 'consent.changed',
    stream,
    subject: 's1' as SubjectId,
    data: { consent: 'given' },
  };
  const entries = Array.from({ length: count }, () => entry);
  const command = writeCommand(randomUUID() as CommandId, 'source' as PersonId, 'x');
  await log.append(command, () => ({ entries, answer: null }));
}

const tile = (level: number, index: number, width: number) => log.tree.tile({ level, index, width });

it('every tile of the example of tlog-tiles is there, and holds the hashes of the naive tree', async () => {
  const levels = tilesOf(size);
  expect(levels).toEqual([
    { level: 0, fullTiles: 273, partialWidth: 112 },
    { level: 1, fullTiles: 1, partialWidth: 17 },
    { level: 2, fullTiles: 0, partialWidth: 1 },
  ]);
  const naive = memoryTree(leaves);
  for (const { level, fullTiles, partialWidth } of levels) {
    for (let index = 0; index <= fullTiles; index += 1) {
      const width = index < fullTiles ? tileWidth : partialWidth;
      const expected = await Promise.all(
        Array.from({ length: width }, (_, at) => naive.hash(level * 8, index * tileWidth + at)),
      );
      expect(Buffer.from(await tile(level, index, width)).equals(Buffer.concat(expected))).toBe(true);
      if (index === fullTiles)
        await expect(tile(level, index, width + 1)).rejects.toMatchObject({ code: 'tile_unknown' });
    }
  }
});

it('a partial tile of an older size is the beginning of what became of it, at every level', async () => {
  for (const [level, index] of [[0, 7], [1, 0]] as const) {
    const full = await tile(level, index, tileWidth);
    expect(await tile(level, index, 17)).toEqual(full.subarray(0, 17 * 32));
  }
}); // prettier-ignore

it('the tree of any older size can be read out of the tiles that are served', async () => {
  for (const older of [1, 255, 256, 257, 65_535, 65_536, 65_537, 69_999]) {
    const served = tileTree((level, index, width) => tile(level, index, width), older);
    const naive = memoryTree(leaves.slice(0, older));
    for (let level = 0; 2 ** level <= older; level += 1) {
      const last = Math.floor(older / 2 ** level) - 1;
      expect(await served.hash(level, last)).toEqual(await naive.hash(level, last));
    }
  }
});

it('a receipt verifies wherever its entry is, and is the same bytes each time', async () => {
  for (const position of [0, 1, 4999, 5000, 65_535, 65_536, 69_999]) {
    const receipt = await log.tree.receipt(position);
    expect(verifyReceipt(receipt, trusted)).toMatchObject({ kind: 'verified', entry: { position } });
    await append(1, `subject/after-${position}`);
    expect(await log.tree.receipt(position)).toBe(receipt);
  }
});

it('a proof holds under the checkpoint of the transaction that wrote its entry', async () => {
  const { index, proof, checkpoint } = parseTlogProof(await log.tree.proof(4999));
  const { size: signed, root } = openCheckpoint(checkpoint, origin, trusted.verifiers);
  expect(signed).toBe(5001);
  expect(verifyInclusion({ leaf: leaves[4999] as Uint8Array, index, size: signed, proof, root })).toBe(true);
});

it.each([
  ['stored', [0, 7, 8192], 'tile_pkey'],
  ['leaves', [65_536, 65_600], 'entry_pkey'],
  ['roots', [0, 256, 273], 'tile_pkey'],
] as const)('the statement for %s hashes can look by key', async (name, values, index) => {
  const client = await pool.connect();
  // A table of a few pages is read whole where its statistics are fresh, whatever indexes it has.
  await client.query('SET enable_seqscan = off');
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${statements[name].text}`, [...values]);
  client.release(true);
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain(index);
  expect(plan).not.toContain('Seq Scan');
});
