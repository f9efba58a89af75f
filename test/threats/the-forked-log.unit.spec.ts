import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namedLogKey } from '../../src/cli/receipt.js';
import { namedWitnesses } from '../../src/cli/required-witnesses.js';
import { verifyCheckpoint } from '../../src/cli/verify-checkpoint.js';
import { verifyEvidence } from '../../src/cli/verify-evidence.js';
import { formatCosignerKey } from '../../src/merkle/cosignature.js';
import { ed25519Signer, type NoteSigner } from '../../src/merkle/note.js';
import { knownLog, logKey, PaperLog } from '../../src/witness/paper-log.spec.js';
import { WitnessMemory } from '../../src/witness/witness-memory.js';
import { Witness } from '../../src/witness/witness.js';

/**
 * Somebody has the log's key and the database, and shows the auditor one log and a reader another: in the auditor's a
 * reading never happened. Both are whole, both are signed, each alone verifies. What tells them apart is whoever saw both.
 */
const key = namedLogKey(logKey);
const auditors = PaperLog.of(40);
const readers = auditors.forkedAt(25);

let folder: string;
let witnesses: { readonly signer: NoteSigner; readonly witness: Witness; readonly memory: WitnessMemory }[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-forked-'));
  witnesses = [];
  for (const name of ['union', 'auditor', 'regulator']) {
    const signer = ed25519Signer(`witness.example/${name}`, new Uint8Array(32).fill(40 + witnesses.length));
    const memory = await WitnessMemory.open(join(folder, name));
    const told = { cosigned: () => undefined, refused: () => undefined, misbehaved: () => undefined };
    const witness = await Witness.start({ signer, logs: [knownLog], memory, told, clock: Date.now });
    witnesses.push({ signer, witness, memory });
  }
});
afterEach(async () => {
  for (const { memory } of witnesses) await memory.close();
  await rm(folder, { recursive: true });
});

/** What one is shown, with whatever cosignatures can be had for it. */
async function shown(log: PaperLog, from: number, to: number, by = witnesses): Promise<string> {
  let note = log.checkpoint(to);
  for (const { witness } of by) {
    const answer = await witness.add(await log.body(from, to));
    if (answer.kind === 'cosigned') note += answer.line;
  }
  return note;
}
const keys = () => witnesses.map(({ signer }) => formatCosignerKey(signer.name, signer.publicKey));
const verified = (note: string, needed: string) => verifyCheckpoint(note, key, namedWitnesses(keys(), needed)).ok;

describe('a log that shows two histories', () => {
  it('is believed by either side without witnesses: that is the attack', () => {
    for (const log of [auditors, readers]) expect(verifyCheckpoint(log.checkpoint(30), key, undefined).ok).toBe(true);
  });

  it('has one of them cosigned, and who is shown the other sees that', async () => {
    await shown(auditors, 0, 20);
    const first = await shown(auditors, 20, 30);
    const second = await shown(readers, 20, 30);
    expect(verified(first, '3')).toBe(true);
    expect(verified(second, '1')).toBe(false);
    // Nor with more entries, nor with the cosignatures of the other one.
    expect(verified(await shown(readers, 30, 40), '1')).toBe(false);
    expect(verified(readers.checkpoint(30) + first.split('\n').slice(5).join('\n'), '1')).toBe(false);
  });

  it('can give each side a witness of its own, and so it takes more than half of them', async () => {
    await shown(auditors, 0, 20);
    const first = await shown(auditors, 20, 30, witnesses.slice(0, 2));
    const second = await shown(readers, 20, 30, witnesses.slice(1));
    expect([verified(first, '1'), verified(second, '1')]).toEqual([true, true]);
    expect([verified(first, '2'), verified(second, '2')]).toEqual([true, false]);
  });

  it('is convicted for everybody by what a witness keeps of the attempt', async () => {
    await shown(auditors, 0, 30);
    await shown(readers, 30, 40);
    const files = (await readdir(join(folder, 'union'))).filter((name) => name.startsWith('fork-'));
    expect(files).toHaveLength(1);
    const evidence = await readFile(join(folder, 'union', files[0] as string), 'utf8');
    expect(verifyEvidence(evidence, key)).toMatchObject({ ok: true, proves: 'fork', sizes: [30, 40] });
  });
});

describe('an old checkpoint, replayed', () => {
  it('is cosigned by nobody as if it were new', async () => {
    await shown(auditors, 0, 20);
    await shown(auditors, 20, 30);
    expect(verified(await shown(auditors, 0, 20), '1')).toBe(false);
    expect(verified(await shown(auditors, 20, 20), '1')).toBe(false);
  });
});
