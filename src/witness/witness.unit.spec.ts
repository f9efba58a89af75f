import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint } from '../merkle/checkpoint.js';
import { cosignaturesOn } from '../merkle/cosignature.js';
import { parseVerifierKey } from '../merkle/note.js';
import { judgeEvidence, parseEvidence } from './evidence.js';
import { cosigner, knownLog, logKey, PaperLog, witnessSigner } from './paper-log.spec.js';
import { originId, WitnessMemory } from './witness-memory.js';
import { Witness } from './witness.js';

const log = PaperLog.of(64);
const { origin, verifiers } = knownLog;
const time = 1_800_000_000;

let folder: string;
let misbehaved: { kind: string; witnessed: number; shown: number; file: string | undefined }[];
let memory: WitnessMemory;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-witness-'));
  misbehaved = [];
  memory = await WitnessMemory.open(folder);
});
afterEach(async () => {
  await memory.close();
  await rm(folder, { recursive: true });
});

const started = (of: WitnessMemory = memory) =>
  Witness.start({
    signer: witnessSigner,
    logs: [knownLog],
    memory: of,
    told: {
      cosigned: () => undefined,
      refused: () => undefined,
      misbehaved: (kind, about) => void misbehaved.push({ kind, ...about }),
    },
    clock: () => time * 1000,
  });
/** As after a crash: nothing but the folder is left. */
async function restarted(): Promise<Witness> {
  await memory.close();
  memory = await WitnessMemory.open(folder);
  return started();
}
const stateFile = () => join(folder, `${originId(origin)}.checkpoint`);
const evidence = async () => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  return Promise.all(names.map(async (name) => parseEvidence(await readFile(join(folder, name), 'utf8'))));
};

describe('a cosignature', () => {
  it('is of the witness, on the checkpoint that was sent, and is kept with it for whoever asks', async () => {
    const witness = await started();
    const answer = await witness.add(await log.body(0, 5));
    if (answer.kind !== 'cosigned') throw new Error(answer.kind);
    const cosigned = log.checkpoint(5) + answer.line;
    expect(cosignaturesOn(cosigned, [cosigner])).toEqual([{ name: witnessSigner.name, at: time }]);
    expect(witness.last(origin)?.note).toBe(cosigned);
    expect(await readFile(stateFile(), 'utf8')).toBe(cosigned);
  });

  it('is not put on lines of strangers', async () => {
    const witness = await started();
    await witness.add((await log.body(0, 5)) + (log.checkpoint(5, witnessSigner).split('\n\n')[1] ?? ''));
    expect(witness.last(origin)?.note.match(/^— /gm)).toHaveLength(2);
  });

  it('is not given before it is remembered', async () => {
    const witness = await started();
    await witness.add(await log.body(0, 5));
    // The disk fails; as root a folder that is in the way does it.
    await mkdir(`${stateFile()}.new`);
    await expect(witness.add(await log.body(5, 9))).rejects.toMatchObject({ code: 'witness_memory_unusable' });
    expect(witness.last(origin)?.size).toBe(5);
    await rm(`${stateFile()}.new`, { recursive: true });
    expect(await witness.add(await log.body(5, 7))).toMatchObject({ kind: 'cosigned', size: 7 });
  });
});

describe('two requests at once', () => {
  it('never both go on from one size: the later one is told the new size', async () => {
    const witness = await started();
    await witness.add(await log.body(0, 5));
    const bodies = [await log.body(5, 9), await log.body(5, 8), await log.forkedAt(6).body(5, 9)];
    const answers = await Promise.all(bodies.map((body) => witness.add(body)));
    expect(answers.map(({ kind }) => kind)).toEqual(['cosigned', 'size_differs', 'size_differs']);
    expect(answers.slice(1).map(({ size }) => size)).toEqual([9, 9]);
    expect((await started()).last(origin)?.size).toBe(9);
  });

  it('of a hundred that fork from each other only one is cosigned', async () => {
    const witness = await started();
    const bodies = await Promise.all(Array.from({ length: 50 }, (_, at) => log.forkedAt(at).body(0, 50)));
    const answers = await Promise.all([...bodies, ...bodies].map((body) => witness.add(body)));
    expect(answers.filter(({ kind }) => kind === 'cosigned')).toHaveLength(1);
    expect(answers.filter(({ kind }) => kind === 'size_differs')).toHaveLength(99);
  });
});

describe('a fork is refused, and kept as a proof for anybody', () => {
  const proofs = async () =>
    (await evidence()).map((one) => judgeEvidence(one as NonNullable<typeof one>, { origin, verifiers: [parseVerifierKey(logKey)] })); // prettier-ignore

  it('of the size that was cosigned, whatever old size came with it', async () => {
    const witness = await started();
    await witness.add(await log.body(0, 5));
    const fork = log.forkedAt(3);
    expect((await witness.add(await fork.body(5, 5))).kind).toBe('root_differs');
    expect((await witness.add(await fork.body(0, 5))).kind).toBe('size_differs');
    expect(await proofs()).toEqual([{ verdict: 'fork', sizes: [5, 5] }]);
    expect(misbehaved[0]).toMatchObject({ kind: 'fork', witnessed: 5, shown: 5 });
  });

  it('of a larger size, by the very proof that was sent', async () => {
    const witness = await started();
    await witness.add(await log.body(0, 5));
    expect((await witness.add(await log.forkedAt(3).body(5, 9))).kind).toBe('proof_refused');
    expect(await proofs()).toEqual([{ verdict: 'fork', sizes: [5, 9] }]);
    // And the log that it knows goes on.
    expect((await witness.add(await log.body(5, 9))).kind).toBe('cosigned');
  });

  it('but nothing is, of a log that is honest and a proof that is not', async () => {
    const witness = await started();
    await witness.add(await log.body(0, 5));
    await witness.add((await log.body(5, 9)).replace(log.checkpoint(9), log.checkpoint(10)));
    await witness.add(await log.body(0, 3));
    await witness.add(await log.body(4, 5));
    expect(await evidence()).toEqual([]);
    expect(misbehaved).toEqual([]);
  });

  it('and does not stay silent where it cannot be kept', async () => {
    const witness = await started();
    await witness.add(await log.body(0, 5));
    await mkdir(join(folder, `fork-${originId(origin).slice(0, 16)}-5.json.new`));
    expect((await witness.add(await log.forkedAt(3).body(5, 5))).kind).toBe('root_differs');
    expect(misbehaved).toEqual([{ kind: 'fork', origin, witnessed: 5, shown: 5, file: undefined }]);
  });
});

describe('a witness that was restarted', () => {
  it('goes on where it was, and refuses what it would have refused', async () => {
    await (await started()).add(await log.body(0, 7));
    const witness = await restarted();
    expect(witness.last(origin)?.size).toBe(7);
    expect((await witness.add(await log.forkedAt(3).body(0, 7))).kind).toBe('size_differs');
    expect((await witness.add(await log.body(7, 9))).kind).toBe('cosigned');
  });

  it('has what was remembered before a crash, though nobody got the answer', async () => {
    const witness = await started();
    await witness.add(await log.body(0, 5));
    await memory.keep(origin, log.checkpoint(9));
    expect((await restarted()).last(origin)?.size).toBe(9);
    // Half a file that a crash left beside it means nothing.
    await writeFile(`${stateFile()}.new`, 'custos.exam');
    expect((await restarted()).last(origin)?.size).toBe(9);
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['nothing', ''],
    ['a note of another key', log.checkpoint(9, { ...witnessSigner, name: origin })],
  ])('does not start where its memory is %s', async (_what, text) => {
    await writeFile(stateFile(), text);
    await expect(started()).rejects.toMatchObject({ code: 'witness_memory_unusable', members: { file: stateFile() } });
  });

  it('from an older copy of its memory cosigns a fork of what it forgot, and its own words convict it', async () => {
    // What is not defended, written down (docs/threat-model.md): so whoever copies the folder back must know.
    const before = await started();
    await before.add(await log.body(0, 5));
    await copyFile(stateFile(), join(folder, 'copy'));
    await before.add(await log.body(5, 9));
    const first = before.last(origin)?.note as string;
    await copyFile(join(folder, 'copy'), stateFile());
    const after = await restarted();
    expect((await after.add(await log.forkedAt(6).body(5, 9))).kind).toBe('cosigned');
    const second = after.last(origin)?.note as string;
    const both = [first, second].map((note) => [openCheckpoint(note, origin, verifiers).size, cosignaturesOn(note, [cosigner]).length]); // prettier-ignore
    expect(both).toEqual([
      [9, 1],
      [9, 1],
    ]);
    // A fork of what it still remembers it refuses.
    expect((await after.add(await log.forkedAt(2).body(9, 12))).kind).toBe('proof_refused');
  });
});

describe('a folder', () => {
  it('is of one process', async () => {
    await expect(WitnessMemory.open(folder)).rejects.toMatchObject({ code: 'data_in_use' });
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => WitnessMemory.open(folder)));
    expect(all.filter(({ status }) => status === 'fulfilled')).toEqual([]);
    await memory.close();
    memory = await WitnessMemory.open(folder);
  });

  it('is not written to any more by one that it was taken from', async () => {
    const witness = await started();
    await rm(join(folder, 'lock'));
    const other = await WitnessMemory.open(folder);
    await expect(witness.add(await log.body(0, 5))).rejects.toMatchObject({ code: 'data_in_use' });
    expect((await (await started(other)).add(await log.body(0, 5))).kind).toBe('cosigned');
    await other.close();
  });

  it('that cannot be used is named', async () => {
    await writeFile(join(folder, 'file'), '');
    const place = join(folder, 'file/memory');
    await expect(WitnessMemory.open(place)).rejects.toMatchObject({
      code: 'witness_memory_unusable',
      members: { file: place },
    });
  });
});
