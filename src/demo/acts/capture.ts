import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canaryMark, searchFolder } from '../canary-search.js';
import { claim, claimSame } from '../claim.js';
import { canariesOf, exampleFile, recordings } from '../recordings.js';
import type { Stage } from '../stage.js';

interface Ingested {
  readonly accepted: number;
  readonly duplicate: number;
  readonly suppressed: number;
  readonly rejected: number;
}

export interface Captured {
  readonly records: number;
  readonly rawBytes: number;
}

export async function capture({ step, custos, ...stage }: Stage): Promise<Captured> {
  const sendAll = () =>
    Promise.all(
      recordings.map(({ file, format, subject, session }) => {
        const about = ['--format', format, '--subject', subject, '--session', session];
        return custos.done<Ingested>('source', 'ingest', exampleFile(file), ...about);
      }),
    );
  const captured = await step('A source sends the recordings of three people', async () => {
    const answers = await sendAll();
    const counts = answers.map(({ accepted }) => accepted);
    claim(Math.min(...counts) > 100, 'every recording has its records accepted');
    claimSame(total(answers, 'rejected') + total(answers, 'duplicate'), 0, 'records rejected or known');
    const sizes = await Promise.all(recordings.map(({ file }) => stat(exampleFile(file))));
    const rawBytes = sizes.reduce((sum, { size }) => sum + size, 0);
    const records = total(answers, 'accepted');
    const parts = recordings.map(({ format }, index) => `${counts[index]} ${format}`);
    return [`${records} records sealed: ${parts.join(', ')}`, { records, rawBytes }];
  });

  await step('It sends them again: nothing is stored twice', async () => {
    const answers = await sendAll();
    claimSame([total(answers, 'accepted'), total(answers, 'duplicate')], [0, captured.records], 'accepted, duplicate');
    return [`${captured.records} duplicates, 0 accepted`, undefined];
  });

  await step('Dora refuses to be recorded, and a source sends her session all the same', async () => {
    await custos.done('subject:dora', 'consent', 'refuse');
    const { path, canary } = await plantedRecording(stage);
    const about = ['--format', 'rrweb', '--subject', 'dora', '--session', 'sign-up-of-dora'];
    const answer = await custos.done<Ingested>('source', 'ingest', path, ...about);
    claimSame([answer.accepted, answer.duplicate, answer.rejected], [0, 0, 0], 'accepted, duplicate, rejected');
    claim(answer.suppressed > 100, 'every record is suppressed');
    // The mark of all canaries: nothing of anybody's may lie there in the clear, least of all hers.
    const { files, finds } = await searchFolder(stage.data, canaryMark);
    claimSame(finds.length, 0, 'finds of a canary in the data folder');
    claim(canary.startsWith(canaryMark), 'her canary has the mark');
    return [`${answer.suppressed} records suppressed; no byte of them in ${files} files`, undefined];
  });
  return captured;
}

/** A recording of dora, with a canary of its own. It never lies in the data folder. */
async function plantedRecording({ scratch, canaries, planted }: Pick<Stage, 'scratch' | 'canaries' | 'planted'>) {
  const file = 'sign-up.rrweb.json';
  const canary = `${canaryMark}${randomBytes(6).toString('hex')}`;
  const [replaced = ''] = canariesOf(canaries, file, 'url').inField;
  const text = await readFile(exampleFile(file), 'utf8');
  claim(text.includes(replaced), 'the recording holds the canary that is replaced');
  const path = join(scratch, 'dora.rrweb.json');
  await writeFile(path, text.replaceAll(replaced, canary));
  planted.add(canary);
  return { path, canary };
}

const total = (answers: readonly Ingested[], member: keyof Ingested) =>
  answers.reduce((sum, answer) => sum + answer[member], 0);
