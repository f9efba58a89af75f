import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendLeaves, emptyFrontier, frontierRoot } from '../merkle/frontier.js';
import { parseTilePath } from '../merkle/tile.js';
import { lookAt, type FollowedLog } from './follow-log.js';
import { cosignaturesOn } from '../merkle/cosignature.js';
import { cosigner, knownLog, PaperLog, witnessSigner } from './paper-log.spec.js';
import { WitnessMemory } from './witness-memory.js';
import { Witness } from './witness.js';

const honest = PaperLog.of(700);

let folder: string;
let memory: WitnessMemory;
let witness: Witness;
let server: Server;
let misbehaved: { kind: string; witnessed: number; shown: number }[];
let log: FollowedLog;
/** What the log shows: which of its histories, and how far. */
let shown: { log: PaperLog; size: number };
let asked: string[];
let bend: (path: string, body: Buffer) => Buffer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-witness-'));
  memory = await WitnessMemory.open(join(folder, 'memory'));
  misbehaved = [];
  asked = [];
  bend = (_path, body) => body;
  const told = {
    cosigned: () => undefined,
    refused: () => undefined,
    misbehaved: (kind: string, { witnessed, shown: size }: { witnessed: number; shown: number }) =>
      void misbehaved.push({ kind, witnessed, shown: size }),
  };
  witness = await Witness.start({ signer: witnessSigner, logs: [knownLog], memory, told, clock: Date.now });
  server = createServer((request, response) => {
    const path = (request.url ?? '').replace('/v1/log/', '');
    asked.push(`${request.headers.authorization ?? 'nobody'} ${path}`);
    const body = bend(path, path === 'checkpoint' ? Buffer.from(shown.log.checkpoint(shown.size)) : tileOf(path));
    response.writeHead(body === undefined ? 500 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  log = { ...knownLog, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/log` };
});
afterEach(async () => {
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  await memory.close();
  await rm(folder, { recursive: true });
});

/** As tlog-tiles has it, made of the leaves. */
function tileOf(path: string): Buffer {
  const { level, index, width } = parseTilePath(path);
  const span = 256 ** level;
  const roots = Array.from({ length: width }, (_, at) => (index * 256 + at) * span);
  return Buffer.concat(roots.map((from) => rootOf(shown.log.leaves.slice(from, from + span))));
}
const rootOf = (leaves: readonly Uint8Array[]) => frontierRoot(appendLeaves(emptyFrontier, [...leaves]));
const look = (show: { log: PaperLog; size: number }) => {
  shown = show;
  return lookAt(log, witness);
};

describe('a log that is looked at', () => {
  it('is cosigned as it grows, out of its tiles alone', async () => {
    for (const size of [1, 4, 5, 255, 256, 300, 513, 700, 700]) {
      expect(await look({ log: honest, size })).toBe('cosigned');
      expect(witness.last(knownLog.origin)?.size).toBe(size);
    }
    expect(cosignaturesOn(witness.last(knownLog.origin)?.note as string, [cosigner])).toHaveLength(1);
    expect(misbehaved).toEqual([]);
  });

  it('is shown the token that is in the file now', async () => {
    log = { ...log, tokenFile: join(folder, 'token') };
    await writeFile(join(folder, 'token'), 'one\n');
    await look({ log: honest, size: 4 });
    await writeFile(join(folder, 'token'), 'two\n');
    await look({ log: honest, size: 7 });
    expect(asked[0]).toBe('Bearer one checkpoint');
    expect(asked[1]).toBe('Bearer two checkpoint');
  });

  it.each([4, 5, 256, 300])('is convicted of a fork below size %d by its own tiles', async (size) => {
    await look({ log: honest, size });
    expect(await look({ log: honest.forkedAt(2), size: 600 })).toBe('refused');
    expect(misbehaved).toEqual([{ kind: 'fork', witnessed: size, shown: 600 }]);
    expect(await look({ log: honest, size: 600 })).toBe('cosigned');
  });

  it('is convicted of another root of the same size', async () => {
    await look({ log: honest, size: 300 });
    expect(await look({ log: honest.forkedAt(299), size: 300 })).toBe('refused');
    expect(misbehaved).toEqual([{ kind: 'fork', witnessed: 300, shown: 300 }]);
  });

  it('is reported as soon as it is shorter than it was', async () => {
    await look({ log: honest, size: 300 });
    expect(await look({ log: honest, size: 299 })).toBe('rolled_back');
    expect(misbehaved).toEqual([{ kind: 'rollback', witnessed: 300, shown: 299 }]);
    expect(witness.last(knownLog.origin)?.size).toBe(300);
  });

  it('is not accused where others submitted something later meanwhile', async () => {
    await look({ log: honest, size: 5 });
    const later = await honest.body(5, 9);
    let submitted: Promise<unknown> | undefined;
    // Between the look at its checkpoint and that at its tiles.
    bend = (path, body) => {
      if (path !== 'checkpoint') submitted ??= witness.add(later);
      return body;
    };
    expect(await look({ log: honest, size: 7 })).toBe('overtaken');
    await submitted;
    expect(misbehaved).toEqual([]);
  });

  it.each([
    ['does not answer', () => undefined],
    ['sends a note too long to be one', (path: string, body: Buffer) => (path === 'checkpoint' ? Buffer.alloc(70_000, 'x') : body)], // prettier-ignore
    ['sends a tile that is cut off', (path: string, body: Buffer) => (path === 'checkpoint' ? body : body.subarray(1))],
  ])('is not accused where it %s', async (_what, how) => {
    await look({ log: honest, size: 300 });
    bend = how;
    expect(await look({ log: honest, size: 600 })).toBe('unreachable');
    expect(misbehaved).toEqual([]);
  });

  it('is not accused of tiles that somebody bent on the way: they show nothing', async () => {
    await look({ log: honest, size: 300 });
    bend = (path, body) => (path === 'checkpoint' ? body : Buffer.from(body.map((byte) => byte ^ 1)));
    expect(await look({ log: honest, size: 600 })).toBe('refused');
    expect(misbehaved).toEqual([]);
  });

  it('is not believed with the signature of somebody else', async () => {
    bend = (path, body) => (path === 'checkpoint' ? Buffer.from(honest.checkpoint(300, { ...witnessSigner, name: knownLog.origin })) : body); // prettier-ignore
    expect(await look({ log: honest, size: 300 })).toBe('signature_refused');
  });
});
