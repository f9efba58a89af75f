import { createHash, randomBytes } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceProcess } from './service-process.js';

let service: ServiceProcess;
beforeAll(async () => {
  service = await ServiceProcess.start();
});
afterAll(() => service.remove());

const as = async (name: string, ...args: string[]) => {
  const { code, stdout } = await service.custos('--json', '--as', name, ...args);
  return { code, answer: stdout === '' ? undefined : JSON.parse(stdout) };
};
const ingest = (file: string, session: string, ...more: string[]) =>
  as('source', 'ingest', file, '--subject', 'anna', '--session', session, ...more);

/** A grant on these fields of a session. */
async function granted(session: string, signers: readonly string[], ...fields: string[]): Promise<string> {
  const { answer } = await as(
    ...(['researcher', 'request', 'create', '--session', session] as const),
    ...fields.flatMap((field) => ['--field', field]),
    ...['--from', '2000-01-01T00:00:00Z', '--to', '2100-01-01T00:00:00Z', '--purpose', 'a test of videos'],
    ...['--records', '1000', '--disclosures', '3', '--for', '1h'],
  );
  const approved = [];
  for (const name of signers) approved.push((await as(name, 'approve', answer.request, '--yes')).answer);
  expect(approved.at(-1)).toMatchObject({ needed: signers.length, grant: answer.request });
  return answer.request;
}
const three = ['approver1', 'approver2', 'approver3'];
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe.each([
  ['sealed by the service', []],
  ['sealed at its source', ['--seal-at-source']],
])('a video %s', (_how, seal) => {
  it.each<[string, () => Promise<Uint8Array>, number]>([
    ['as a recorder wrote it', () => readFile('examples/desk.webm'), 1],
    // More than one post, and more than one batch.
    ['of 5 MB', async () => Buffer.concat([Buffer.from('1a45dfa3', 'hex'), randomBytes(5_000_000)]), 13],
  ])('is read byte for byte with a grant that three people signed: %s', async (_what, bytesOf, count) => {
    const bytes = await bytesOf();
    const session = `video-${count}-${seal.length}`;
    const path = join(service.folder, `${session}.webm`);
    await writeFile(path, bytes);
    expect((await ingest(path, session, ...seal)).answer).toMatchObject({ accepted: count, rejected: 0 });
    expect((await ingest(path, session, ...seal)).answer).toMatchObject({ accepted: 0, duplicate: count });
    const shown = (await as('auditor', 'session', 'show', session)).answer;
    expect(shown).toMatchObject({ format: 'video', records: count });
    expect(shown.fields).toMatchObject([{ field: 'time' }, { field: 'screen.video', class: 'strict' }]);

    const grant = await granted(session, three, 'screen.video');
    const out = join(service.folder, `${session}.out`);
    expect(await as('researcher', 'read', grant, '--recording', out)).toMatchObject({ code: 0, answer: { records: count } });
    expect(digest(await readFile(out))).toBe(digest(bytes));
    expect((await as('auditor', 'verify')).answer).toMatchObject({ ok: true, problems: [] });
  }); // prettier-ignore
});

it('a grant on the look and the text of the screen gives nothing of a video, and two people cannot grant it', async () => {
  await ingest('examples/desk.webm', 'closed');
  const grant = await granted('closed', three.slice(0, 2), 'screen', 'screen.text');
  const out = join(service.folder, 'closed.out');
  expect(await as('researcher', 'read', grant, '--recording', out)).toMatchObject({ code: 0, answer: { records: 0 } });
  expect(await readFile(out)).toHaveLength(0);
  expect(await readdir(service.folder)).not.toContain('closed.out.part');
});

it('nothing of a video is in what the service says', async () => {
  const bytes = await readFile('examples/desk.webm');
  const [text, piece] = [bytes.toString('base64'), bytes.subarray(9_000, 9_300)];
  expect(text).toContain(piece.toString('base64'));
  for (const encoding of ['base64', 'hex', 'latin1'] as const) {
    expect(service.said.includes(piece.toString(encoding))).toBe(false);
  }
});
