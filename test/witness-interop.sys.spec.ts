import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint } from '../src/merkle/checkpoint.js';
import { cosignaturesOn, formatCosignerKey, parseCosignerKey } from '../src/merkle/cosignature.js';
import { ed25519Signer, formatVerifierKey, noteKeyId, parseVerifierKey } from '../src/merkle/note.js';
import { buildGoPrograms, runGoProgram, whyNoGo } from './go-programs.js';
import { WitnessProcess } from './witness-process.js';

/** A log that is none of ours, Tessera's, publishes nothing that our witness did not cosign. */
const absent = whyNoGo();
if (absent !== undefined && process.env['REQUIRE_GO'] !== '1') {
  process.stderr.write(`skipped: a log written in Go asks our witness, ${absent}\n`);
  it.skip(`a log written in Go: ${absent}`, () => undefined);
} else {
  describe('a log written in Go', cosigned);
}

function cosigned() {
  const seed = randomBytes(32);
  const log = ed25519Signer('tessera.example/log', seed);
  const logKey = formatVerifierKey(log.name, log.publicKey);
  const verifiers = [parseVerifierKey(logKey)];
  /** As golang.org/x/mod/sumdb/note has it. */
  const signerKey = `PRIVATE+KEY+${log.name}+${Buffer.from(noteKeyId(log.name, log.publicKey)).toString('hex')}+${Buffer.concat([Uint8Array.of(1), seed]).toString('base64')}`; // prettier-ignore
  let folder: string;
  let witness: WitnessProcess;

  beforeAll(async () => {
    if (absent !== undefined) throw new Error(`REQUIRE_GO=1, and ${absent}`);
    folder = await mkdtemp(join(tmpdir(), 'custos-tessera-'));
    await buildGoPrograms(folder);
    witness = await WitnessProcess.init(join(folder, 'witness'), 'witness.example/w1', '--log-key', logKey);
    await witness.start();
  }, 300_000);
  afterAll(async () => {
    await witness?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (name: string, entries: number, key = witness.key, within = '30s') =>
    runGoProgram(join(folder, 'witnessed'), ['-dir', join(folder, name), '-signer', signerKey, '-witness', witness.url, '-key', key, '-entries', String(entries), '-within', within]); // prettier-ignore
  const sizeOf = (note: string) => openCheckpoint(note, log.name, verifiers).size;

  it('has its checkpoints cosigned as it grows', async () => {
    const { code, stdout, stderr } = await run('log', 5);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(sizeOf(stdout)).toBe(5);
    expect(cosignaturesOn(stdout, [parseCosignerKey(witness.key)])).toHaveLength(1);
  });

  it('goes on where the witness is, though it knows of no size when it starts anew', async () => {
    const { code, stdout } = await run('log', 4);
    expect(code).toBe(0);
    expect(sizeOf(stdout)).toBe(9);
    expect(cosignaturesOn(stdout, [parseCosignerKey(witness.key)])).toHaveLength(1);
  });

  it('publishes nothing under another key of the witness', async () => {
    const stranger = formatCosignerKey('witness.example/w1', ed25519Signer('x', randomBytes(32)).publicKey);
    expect(await run('log', 1, stranger, '3s')).toMatchObject({ code: 1, stdout: '' });
  });

  it('publishes nothing of a second history under the same key', async () => {
    const forked = await run('fork', 20, witness.key, '4s');
    expect(forked).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('replied with x.tlog.size') });
    expect((await run('log', 1)).code).toBe(0);
  });
}
