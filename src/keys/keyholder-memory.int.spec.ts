import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { CheckpointFile } from '../log/checkpoint-file.js';
import { openCheckpoint } from '../merkle/checkpoint.js';
import { parseVerifierKey } from '../merkle/note.js';

let vault: VaultInProcess;
let folder: string;
let file: string;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  folder = await mkdtemp(join(tmpdir(), 'custos-memory-'));
  file = join(folder, 'keyholder-checkpoint');
});
afterEach(async () => {
  await vault.stop();
  await rm(folder, { recursive: true });
});

const trusted = () => ({ origin: vault.trust.origin, verifiers: [parseVerifierKey(vault.trust.log)] });
const memory = () => new CheckpointFile(file, trusted());
const remembered = async () => openCheckpoint(await readFile(file, 'utf8'), trusted().origin, trusted().verifiers).size;

describe('a keyholder does not open', () => {
  it('on a log that lost a revocation which it has seen', async () => {
    await vault.ingest('one', 's1', typedRecords(10));
    const grant = await vault.grant('one', ['typed']);
    const { rows } = await vault.asIntruder('SELECT size, at, frontier, checkpoint FROM log.head');
    const { size, at, frontier, checkpoint } = rows[0];
    await vault.revoke(grant);
    await vault.openKeyholder(vault.trust, memory());
    await vault.asIntruder('DELETE FROM log.entry WHERE position >= $1', [size]);
    await vault.asIntruder('DELETE FROM log.checkpoint WHERE size > $1', [size]);
    await vault.asIntruder('UPDATE log.head SET size = $1, at = $2, frontier = $3, checkpoint = $4', [size, at, frontier, checkpoint]); // prettier-ignore
    await expect(vault.openKeyholder(vault.trust, memory())).rejects.toMatchObject({
      code: 'log_rolled_back',
      members: { kept: size + 1, size },
    });
    // An operator may accept that, and then it opens what it would have.
    const lost = await memory().last();
    if (lost === undefined) throw new Error('nothing was kept');
    await memory().accept({ lost, reason: 'tested' });
    await vault.openKeyholder(vault.trust, memory());
    expect(await remembered()).toBe(size);
  });

  it('before it remembers the log that it opens on, nor where it cannot', async () => {
    await vault.ingest('one', 's1', typedRecords(10));
    const grant = await vault.grant('one', ['typed']);
    const keyholder = await vault.openKeyholder(vault.trust, memory());
    const disclosed = await vault.disclose(grant, 'one', ['typed'], keyholder);
    expect(await remembered()).toBeGreaterThan(disclosed.disclosure);
    await writeFile(file, 'nonsense');
    await expect(vault.disclose(grant, 'one', ['typed'], keyholder)).rejects.toMatchObject({
      code: 'keyholder_unavailable',
      members: {},
    });
  });

  it('before the memory is durable, however long that takes; what it has read meanwhile is written once', async () => {
    await vault.ingest('one', 's1', typedRecords(10));
    const grant = await vault.grant('one', ['typed']);
    const slow = memory();
    const keyholder = await vault.openKeyholder(vault.trust, slow);
    const kept: number[] = [];
    let goOn = () => undefined as void;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    slow.keep = async (note) => {
      kept.push(openCheckpoint(note, trusted().origin, trusted().verifiers).size);
      await gate;
      return memory().keep(note);
    };
    const released: number[] = [];
    const read = async (reader: number) => {
      const { records } = await vault.read(grant, 'one', ['typed'], keyholder);
      expect(await remembered()).toBeGreaterThan(records.length);
      released.push(reader);
    };
    const reading = [0, 1, 2].map(read);
    const size = vault.log.size + 3;
    while ((await vault.keyholder.status()).size < size) await new Promise((resolve) => setTimeout(resolve, 10));
    // Each of them has claimed its disclosure by now, and opened it.
    const claimed = async () => (await vault.asIntruder('SELECT FROM keys.opened')).rowCount;
    while ((await claimed()) !== 3) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(released).toEqual([]);
    expect(kept).toHaveLength(1);
    goOn();
    await Promise.all(reading);
    expect(await remembered()).toBeGreaterThanOrEqual(size);
  });
});
