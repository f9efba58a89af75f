import { randomBytes, randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { InjectOptions } from 'light-my-request';
import type pg from 'pg';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import { startTestApp, type TestApp } from '../http/test-app.spec.js';
import { openCheckpoint, signCheckpoint } from '../merkle/checkpoint.js';
import { decodeEntryBundle } from '../merkle/entry-bundle.js';
import { appendLeaves, emptyFrontier, frontierRoot } from '../merkle/frontier.js';
import { leafHash } from '../merkle/hash.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { verifyInclusion } from '../merkle/proof.js';
import { tilePath } from '../merkle/tile.js';
import { parseTlogProof } from '../merkle/tlog-proof.js';
import { openPool } from './database.js';
import type { Draft } from './draft.js';
import type { CommandId, PersonId, SubjectId } from './ids.js';
import { LogController } from './log.http.js';
import { Log } from './log.js';
import { verifyReceipt } from './receipt.js';
import { writeCommand } from './write-command.js';

const origin = 'custos.example/test';
const signer = ed25519Signer(origin, randomBytes(32));
const trusted = { origin, verifiers: [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))] };
/** With the first entry, `log.opened`. */
const size = 600;

let database: TestDatabase;
let pool: pg.Pool;
let log: Log;
let app: TestApp;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url('custos_service'), { connections: 4, name: 'test' });
  log = new Log({ pool, identity: { origin, signer }, verifiers: trusted.verifiers, slices: [] });
  await log.start();
  await append('subject:s1', 300);
  await append('source', size - 301);
  app = await startTestApp([LogController], { providers: [{ provide: Log, useValue: log }] });
});
afterAll(async () => {
  await app.close();
  await log.close();
  await pool.end();
  await database.drop();
});

async function append(actor: string, count: number): Promise<void> {
  const entry: Draft = {
    type: 'consent.changed',
    stream: 'subject/s1',
    subject: 's1' as SubjectId,
    data: { consent: 'given' },
  };
  const entries = Array.from({ length: count }, () => entry);
  await log.append(writeCommand(randomUUID() as CommandId, actor as PersonId, 'x'), () => ({ entries, answer: null }));
}

async function get(as: string | undefined, path: string, headers: Record<string, string> = {}) {
  const token = as === undefined ? {} : await app.bearer(as);
  const asked: InjectOptions = { method: 'GET', url: `/v1/log/${path}`, headers: { ...token, ...headers } };
  return app.app.inject(asked as Parameters<typeof app.app.inject>[0]);
}
const hashesIn = (tile: Uint8Array) =>
  Array.from({ length: tile.length / 32 }, (_, index) => new Uint8Array(tile.subarray(index * 32, index * 32 + 32)));

describe('a tile is not served', () => {
  it.each([
    ['tile/0/002.p/89', 'one hash wider than the log'],
    ['tile/0/002', 'full before it is'],
    ['tile/0/003.p/1', 'past the end'],
    ['tile/1/000.p/3', 'with a root of a tile that is not full'],
    ['tile/2/000.p/1', 'of a level that is not there yet'],
    ['tile/63/x009/x007/x199/x254/x740/991.p/1', 'far out'],
    ['tile/entries/002.p/89', 'as a bundle wider than the log'],
    ['tile/entries/003', 'as a bundle past the end'],
  ])('%s: %s', async (path) => {
    const answer = await get('auditor', path);
    expect([answer.statusCode, answer.json()]).toEqual([404, expect.objectContaining({ code: 'tile_unknown', size })]);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
    });
  });

  it.each(['tile/64/000', 'tile/00/000', 'tile/0/0', 'tile/0/x000/000', 'tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000.p/01', 'tile/-1/000', 'tile/8/0/000', 'tile/entries/000.p/256', 'tile/entries/00', 'tile/entries/x000/000', `tile/0/${'x001/'.repeat(20)}000`])('under the path %s', async (path) => {
    const answer = await get('auditor', path);
    expect([answer.statusCode, answer.json().code]).toEqual([422, 'input_invalid']);
  }); // prettier-ignore

  it('above the head, though somebody put rows there', async () => {
    const intruder = openPool(database.superuserUrl, { connections: 1, name: 'intruder' });
    try {
      await intruder.query(
        `INSERT INTO log.entry (position, stream, version, type, at, governs, leaf, header)
         VALUES ($1, 'x', 0, 'log.opened', 0, false, $2, $3)`,
        [size, randomBytes(32), randomBytes(50)],
      );
      for (const path of ['tile/0/002.p/89', 'tile/entries/002.p/89', `receipt?position=${size}`]) {
        expect((await get('auditor', path)).statusCode).toBe(404);
      }
    } finally {
      await intruder.query('SET session_replication_role = replica');
      await intruder.query('DELETE FROM log.entry WHERE position >= $1', [size]);
      await intruder.end();
    }
  });

  it('from a log in which a row is missing below the head: that is an incident, and no 404', async () => {
    const intruder = openPool(database.superuserUrl, { connections: 1, name: 'intruder' });
    try {
      await intruder.query('SET session_replication_role = replica');
      await intruder.query(`CREATE TABLE public.kept AS SELECT * FROM log.entry WHERE position = 520`);
      await intruder.query('DELETE FROM log.entry WHERE position = 520');
      for (const path of ['tile/0/002.p/20', 'tile/entries/002.p/20', 'proof?position=530']) {
        expect((await get('auditor', path)).json()).toMatchObject({ code: 'log_corrupt' });
      }
    } finally {
      await intruder.query('INSERT INTO log.entry SELECT * FROM public.kept');
      await intruder.query('DROP TABLE public.kept');
      await intruder.end();
    }
  });
});

describe('who did what is not told', () => {
  it.each(['source', 'researcher', 'approver1', 'officer1', 'subject:s1'])('to %s by an entry bundle', async (role) => {
    expect((await get(role, 'tile/entries/000')).json().code).toBe('role_missing');
  });

  it.each(['checkpoint', 'proof?position=1', 'receipt?position=1', 'tile/0/000', 'tile/entries/000'])(
    'to a stranger by %s',
    async (path) => {
      expect((await get(undefined, path)).json().code).toBe('token_missing');
    },
  );

  it.each(['source', 'researcher', 'officer1', 'subject:s2'])('to %s by the receipt of another', async (role) => {
    expect((await get(role, 'receipt?position=1')).json().code).toBe('role_missing');
  });
});

describe('the tree', () => {
  it('is a signed checkpoint that no cache keeps', async () => {
    const answer = await get('source', 'checkpoint');
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(openCheckpoint(answer.body, origin, trusted.verifiers).size).toBe(size);
  });

  it('comes out of tiles and out of bundles with the root that was signed', async () => {
    const { root } = openCheckpoint((await get('source', 'checkpoint')).body, origin, trusted.verifiers);
    const paths = ['000', '001', '002.p/88'];
    const tiles = await Promise.all(paths.map((path) => get('researcher', `tile/0/${path}`)));
    const bundles = await Promise.all(paths.map((path) => get('auditor', `tile/entries/${path}`)));
    const leaves = tiles.flatMap(({ rawPayload }) => hashesIn(rawPayload));
    expect(bundles.flatMap(({ rawPayload }) => decodeEntryBundle(rawPayload)).map(leafHash)).toEqual(leaves);
    expect(frontierRoot(appendLeaves(emptyFrontier, leaves))).toEqual(root);
    const [first] = appendLeaves(emptyFrontier, leaves.slice(0, 256)).hashes;
    expect(hashesIn((await get('source', 'tile/1/000.p/2')).rawPayload)[0]).toEqual(first);
    expect([...tiles, ...bundles].map(({ headers }) => headers['content-type'])).toEqual(
      Array(6).fill('application/octet-stream'),
    );
  });

  it.each([1, 88, 255])('still answers a partial tile of %i hashes when the full one is there', async (width) => {
    const full = (await get('source', tilePath(0, 1))).rawPayload;
    const partial = await get('source', tilePath(0, 1, width));
    expect(partial.rawPayload.equals(full.subarray(0, width * 32))).toBe(true);
    const bundle = decodeEntryBundle((await get('auditor', `tile/entries/001.p/${width}`)).rawPayload);
    expect(bundle.map(leafHash)).toEqual(hashesIn(partial.rawPayload));
  });

  it("may be kept by the asker's own cache, and by no other; who did what by none", async () => {
    const cached = async (path: string) => (await get('auditor', path)).headers['cache-control'];
    expect(await cached('tile/0/000')).toBe('private, max-age=31536000, immutable');
    expect(await cached('tile/0/002.p/88')).toBe('private, max-age=60');
    expect(await cached('tile/entries/000')).toBe('no-store');
    expect(await cached('receipt?position=1')).toBe('no-store');
    expect((await get('auditor', 'tile/0/000')).headers['vary']).toBe('Authorization');
  });

  it('sends bundles compressed to those who take that', async () => {
    const plain = await get('auditor', 'tile/entries/000');
    const packed = await get('auditor', 'tile/entries/000', { 'accept-encoding': 'br, GZIP;q=0.5' });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(gunzipSync(packed.rawPayload).equals(plain.rawPayload)).toBe(true);
    const refused = await get('auditor', 'tile/entries/000', { 'accept-encoding': 'gzip;q=0, br' });
    expect(refused.headers['content-encoding']).toBeUndefined();
  });
});

describe('a proof', () => {
  it.each([0, 255, 256, 599])('of entry %i verifies, with the leaf out of a tile', async (position) => {
    const { index, proof, checkpoint } = parseTlogProof((await get('source', `proof?position=${position}`)).body);
    const { rawPayload } = await get('source', tilePath(0, Math.floor(position / 256), position < 512 ? 256 : 88));
    const claim = { index, proof, ...openCheckpoint(checkpoint, origin, trusted.verifiers) };
    expect(verifyInclusion({ ...claim, leaf: hashesIn(rawPayload)[position % 256] as Uint8Array })).toBe(true);
  });

  it.each(['proof', 'receipt'])('is not there past the end, as a %s', async (what) => {
    const answer = await get('auditor', `${what}?position=${size}`);
    expect([answer.statusCode, answer.json()]).toEqual([
      404,
      expect.objectContaining({ code: 'position_unknown', size }),
    ]);
  });

  it('comes with the entry as a receipt: to whoever made the entry, and to auditors', async () => {
    for (const [role, position] of [['subject:s1', 1], ['source', 599], ['auditor', 1], ['auditor', 0]] as const) {
      const { body, headers } = await get(role, `receipt?position=${position}`);
      expect(headers['content-type']).toBe('text/plain; charset=utf-8');
      expect(verifyReceipt(body, trusted)).toMatchObject({ kind: 'verified', entry: { position } });
    }
  }); // prettier-ignore

  it('does not verify under a checkpoint of the same size that the log did not sign', async () => {
    const receipt = (await get('auditor', 'receipt?position=5')).body;
    const { checkpoint } = parseTlogProof(receipt);
    const { root } = openCheckpoint(checkpoint, origin, trusted.verifiers);
    const forged = signCheckpoint({ origin, size: 301, root }, ed25519Signer(origin, randomBytes(32)));
    expect(verifyReceipt(receipt.replace(checkpoint, forged), trusted)).toMatchObject({
      check: 'checkpoint_signature',
    });
  });
});

it('the API description says what each of these routes takes and gives', async () => {
  const { paths } = (await app.app.inject({ method: 'GET', url: '/openapi.json' })).json() as {
    paths: Record<
      string,
      { get: { parameters: { name: string; in: string }[]; responses: Record<string, { content?: object }> } }
    >;
  };
  for (const [path, { get: operation }] of Object.entries(paths).filter(([one]) => one.startsWith('/v1/log/tile'))) {
    expect({ path, names: operation.parameters.map(({ name }) => name) }).toEqual({ path, names: ['path'] });
    expect(Object.keys(operation.responses['200']?.content ?? {})).toEqual(['application/octet-stream']);
  }
});

describe('what witnesses have cosigned', () => {
  /** Any line will do here: whoever adds it has verified it. */
  const line = '— witness.example/w1 AAAAAAAA\n';
  let early: { size: number; checkpoint: string };
  beforeAll(async () => {
    early = await log.reader.checkpointCovering(300);
  });

  it('is not there before there is any, and one is the least to ask for', async () => {
    expect((await get('source', 'checkpoint?cosignatures=1')).json()).toMatchObject({
      code: 'checkpoint_not_cosigned',
      status: 404,
    });
    expect((await get('source', 'checkpoint?cosignatures=0')).json()).toMatchObject({ code: 'input_invalid' });
    expect((await get('auditor', 'receipt?position=3&cosignatures=1')).statusCode).toBe(404);
  });

  it('is given by number, as a checkpoint and under receipts; the newest checkpoint stays the newest', async () => {
    log.cosigned.add(early, 'w1', line);
    expect((await get('source', 'checkpoint?cosignatures=1')).body).toBe(early.checkpoint + line);
    const newest = (await get('source', 'checkpoint')).body;
    expect(openCheckpoint(newest, origin, trusted.verifiers).size).toBe(size);
    const receipt = (await get('auditor', 'receipt?position=3&cosignatures=1')).body;
    expect(receipt).toContain(line);
    expect(verifyReceipt(receipt, trusted)).toMatchObject({ kind: 'verified', size: early.size });
  });

  it('covers no later entry, and says how far it goes', async () => {
    const answer = await get('auditor', `receipt?position=${early.size}&cosignatures=1`);
    expect(answer.json()).toMatchObject({ code: 'checkpoint_not_cosigned', size: early.size });
    expect((await get('auditor', `receipt?position=${early.size - 1}&cosignatures=1`)).statusCode).toBe(200);
  });

  it('is shown of entries of others to auditors only', async () => {
    expect((await get('researcher', 'receipt?position=3&cosignatures=1')).json()).toMatchObject({
      code: 'role_missing',
    });
  });
});
