import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signCheckpoint } from '../merkle/checkpoint.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { CheckpointFile } from './checkpoint-file.js';
import { rememberCheckpoints } from './remember-checkpoints.js';

const origin = 'custos.example/test';
const signer = ed25519Signer(origin, randomBytes(32));
const verifiers = [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))];
const signed = (size: number, by = signer) => signCheckpoint({ origin, size, root: randomBytes(32) }, by);

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-checkpoint-'));
  file = join(folder, 'checkpoint');
});
afterEach(() => rm(folder, { recursive: true }));
const memory = () => new CheckpointFile(file, { origin, verifiers });
const saved = () => readFile(file, 'utf8');

describe('the memory of the last checkpoint refuses', () => {
  it('to go back, in whatever order it is told, and for another process on the same file', async () => {
    const notes = [1, 2, 3, 4, 5].map((size) => signed(size));
    const one = memory();
    await Promise.all([4, 1, 3, 0, 2].map((index) => one.keep(notes[index] as string)));
    await memory().keep(notes[2] as string);
    await memory().keep(signed(5));
    expect(await saved()).toBe(notes[4]);
  });

  it('a note that the log did not sign, and keeps what it has', async () => {
    await memory().keep(signed(1));
    const before = await saved();
    const foreign = memory().keep(signed(9, ed25519Signer(origin, randomBytes(32))));
    await expect(foreign).rejects.toMatchObject({ code: 'checkpoint_file_unusable', members: { file } });
    expect(await saved()).toBe(before);
  });

  it('a file that grew beyond any checkpoint, and an acceptance that is none', async () => {
    await writeFile(file, 'x'.repeat(65 * 1024));
    await expect(memory().last()).rejects.toMatchObject({ code: 'checkpoint_file_unusable' });
    await rm(file);
    await memory().keep(signed(1));
    await writeFile(`${file}.accepted`, '{');
    await expect(memory().accepted()).rejects.toMatchObject({ code: 'checkpoint_file_unusable' });
  });
});

describe('the memory of the last checkpoint', () => {
  it('holds the note itself, for its owner alone to read, and nothing else beside it', async () => {
    const note = signed(7);
    expect(await memory().last()).toBeUndefined();
    await memory().keep(note);
    expect(await saved()).toBe(note);
    expect(await memory().last()).toMatchObject({ size: 7, note });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['checkpoint']);
  });

  it('goes back once, after a loss that was accepted, and the acceptance is used up', async () => {
    await memory().keep(signed(9));
    const lost = await memory().last();
    if (lost === undefined) throw new Error('nothing was kept');
    await memory().accept({ lost, reason: 'tested' });
    expect(await memory().accepted()).toEqual({ lost, reason: 'tested' });
    await memory().startOverFrom(signed(4));
    expect(await memory().accepted()).toBeUndefined();
    expect((await memory().last())?.size).toBe(4);
  });

  it('follows a log by itself, tells while it cannot, and has the last one at the end', async () => {
    let note = '';
    const remembering = rememberCheckpoints(memory(), () => note);
    note = signed(3);
    await until(async () => (await memory().last())?.size === 3);
    await expect(remembering.check()).resolves.toBeUndefined();
    await writeFile(file, 'nonsense');
    note = signed(4);
    await until(() => remembering.check().then(() => false, () => true)); // prettier-ignore
    await rm(file);
    await until(() => remembering.check().then(() => true, () => false)); // prettier-ignore
    note = signed(5);
    await remembering.close();
    expect((await memory().last())?.size).toBe(5);
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
