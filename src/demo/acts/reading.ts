import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { claim, claimFound, claimSame } from '../claim.js';
import { canariesOf } from '../recordings.js';
import type { Stage } from '../stage.js';

interface Line {
  readonly kind?: string;
  readonly sequence?: number;
  readonly fields?: Record<string, unknown>;
}

export async function reading({ step, custos, scratch, canaries }: Stage, grant: string): Promise<void> {
  const { inField, elsewhere } = canariesOf(canaries, 'sign-up.rrweb.json', 'typed');
  const receipts = join(scratch, 'receipts');
  await mkdir(receipts);

  await step('The researcher reads what was granted, and gets a receipt before the first record', async () => {
    const { exitCode, stdout } = await custos.run('researcher', 'read', grant, '--receipts', receipts);
    claimSame(exitCode, 0, 'exit code of custos read');
    const records = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
      .filter(({ sequence, fields }) => sequence !== undefined && fields !== undefined);
    const fields = new Set(records.flatMap((record) => Object.keys(record.fields ?? {})));
    claimSame([...fields], ['typed'], 'fields that were released');
    claimCanaries(stdout, { inField, elsewhere });
    return [`${records.length} records with ${[...fields].join()} and nothing else`, undefined];
  });

  await step('She checks the receipt offline, with the log’s public key alone', async () => {
    const [name] = await readdir(receipts);
    const receipt = join(receipts, claimFound(name, 'the receipt'));
    const checked = [receipt, ...(await forgedReceipts(receipt, scratch))];
    const answers = await Promise.all(checked.map((path) => custos.run(undefined, 'verify', path)));
    claimSame(
      answers.map(({ exitCode }) => exitCode),
      [0, 1, 1],
      'exit codes of custos verify FILE: as it is, entry changed, proof changed',
    );
    return [`it proves; with one character changed, in the entry or in the proof, it does not`, undefined];
  });

  await step('She plays the session back: everything else in it is masked', async () => {
    const { exitCode, stdout } = await custos.run('researcher', 'read', grant, '--recording');
    claimSame(exitCode, 0, 'exit code of custos read --recording');
    const events = JSON.parse(stdout) as unknown[];
    claim(Array.isArray(events) && events.length > 0, 'it is a recording in its own format');
    claimCanaries(stdout, { inField, elsewhere });
    const kinds = `${inField.length} planted secrets of the field are in it, ${elsewhere.length} of other fields are not`;
    return [`${events.length} rrweb events; ${kinds}`, undefined];
  });

  await step('She asks for another field, and for another session', async () => {
    const read = ['read', grant, '--session'];
    const refused = (as: string, ...args: string[]) => custos.refused('disclosure_denied', as, ...read, ...args);
    const [field, session, colleague] = await Promise.all([
      refused('researcher', 'sign-up-1', '--field', 'url'),
      refused('researcher', 'shell-1'),
      refused('researcher2', 'sign-up-1'),
    ]);
    claimSame(field.rules, ['field_not_granted'], 'why the field is refused');
    claimSame(session.rules, ['session_not_granted'], 'why the session is refused');
    claimSame(colleague.rules, ['grant_unknown'], 'why the colleague is refused');
    return ['refused (field_not_granted; session_not_granted), and so is a colleague with her grant', undefined];
  });
}

function claimCanaries(text: string, { inField, elsewhere }: ReturnType<typeof canariesOf>): void {
  claim(inField.length > 0 && elsewhere.length > 0, 'there are canaries to look for');
  const missing = inField.filter((canary) => !text.includes(canary));
  const leaked = elsewhere.filter((canary) => text.includes(canary));
  claimSame([missing.length, leaked.length], [0, 0], 'secrets of the field missing, of other fields leaked');
}

/** Two copies with one base64 digit changed: once in the middle of the entry, once in a hash of the proof. */
async function forgedReceipts(path: string, scratch: string): Promise<string[]> {
  const receipt = await readFile(path, 'utf8');
  const entry = /^extra (.+)$/m.exec(receipt);
  const proof = /^[A-Za-z0-9+/]{43}=$/m.exec(receipt);
  const places = [claimFound(entry, 'the entry').index + 100, claimFound(proof, 'the proof').index + 20];
  return Promise.all(
    places.map(async (place, index) => {
      const forged = join(scratch, `forged-${index}.tlog-proof`);
      await writeFile(forged, otherDigit(receipt, place));
      return forged;
    }),
  );
}

const otherDigit = (text: string, at: number) =>
  `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
