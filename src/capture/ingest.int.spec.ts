import { freshCommand, start, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionId } from '../log/ids.js';
import type { Records } from '../log/entries.js';
import type { Log } from '../log/log.js';

let vault: VaultInProcess;
beforeEach(async () => (vault = await VaultInProcess.start()));
afterEach(() => vault.stop());

const bodies = async () => (await vault.asIntruder('SELECT position, field FROM log.body ORDER BY 1, 2')).rows;
/** A writer to whom something happens once, when everything is sealed and the head is not taken yet. */
function writerInterruptedBy(happens: () => Promise<unknown>) {
  let interrupt = happens;
  const log: Log = Object.create(vault.log);
  log.appendTogether = async (commands, decide) => {
    const now = interrupt;
    interrupt = () => Promise.resolve();
    await now();
    return vault.log.appendTogether(commands, decide);
  };
  return vault.ingester(log);
}
const streamOf = async (session: string) =>
  (await vault.log.reader.session(session as SessionId)).map(({ type }) => type);

describe('nothing is stored', () => {
  it.each(['refused', 'paused'] as const)(
    'of a subject who has %s: no session, no key, only the count',
    async (value) => {
      await vault.consent('s1', value);
      expect(await vault.ingest('one', 's1', typedRecords(7))).toMatchObject({ suppressed: 7, accepted: 0, next: 7 });
      expect(await streamOf('one')).toEqual(['records.suppressed']);
      expect((await vault.asIntruder('SELECT * FROM keys.subject_key')).rows).toEqual([]);
      expect((await vault.asIntruder('SELECT * FROM log.body')).rows).toEqual([]);
    },
  );

  it('of an erased subject', async () => {
    await vault.ingest('one', 's1', typedRecords(1));
    await vault.erase('s1');
    const stored = await bodies();
    expect(await vault.ingest('two', 's1', typedRecords(2))).toMatchObject({ suppressed: 2 });
    const [entry] = await vault.log.reader.session('two' as SessionId);
    expect(entry).toMatchObject({ type: 'records.suppressed', data: { first: 0, count: 2, reason: 'erased' } });
    expect(await bodies()).toEqual(stored);
  });

  it('of one who was erased by another instance, of whom this one has read nothing yet', async () => {
    const behind = await vault.openLog();
    await vault.ingest('one', 's1', typedRecords(1));
    await vault.erase('s1');
    const stored = await bodies();
    const late = { with: vault.ingester(behind) };
    expect(await vault.ingest('two', 's1', typedRecords(2), late)).toMatchObject({ suppressed: 2, accepted: 0 });
    expect(await bodies()).toEqual(stored);
  });

  it.each([
    ['pauses', 'paused', () => vault.openLog().then((elsewhere) => vault.consent('s1', 'paused', elsewhere))],
    ['refuses', 'refused', () => vault.consent('s1', 'refused')],
    ['is erased', 'erased', () => vault.erase('s1')],
    ['has nothing to do with it, but the programme pauses', 'programme', () => vault.pauseProgramme()],
  ])('of what is sealed already when its subject %s', async (_what, reason, happens) => {
    await vault.ingest('one', 's1', typedRecords(1));
    const stored = await bodies();
    const late = { first: 1, with: writerInterruptedBy(happens) };
    expect(await vault.ingest('one', 's1', typedRecords(4, 'late', 1), late)).toMatchObject({
      suppressed: 4,
      accepted: 0,
      next: 5,
    });
    expect((await vault.log.reader.session('one' as SessionId)).at(-1)).toMatchObject({
      type: 'records.suppressed',
      data: { first: 1, count: 4, reason },
    });
    expect(await bodies()).toEqual(stored);
  });

  it('of what was under way when the subject paused on another instance', async () => {
    const source = vault.ingester();
    await vault.ingest('one', 's1', typedRecords(1), { with: source });
    const elsewhere = await vault.openLog();
    // The writer still believes in the consent that it saw last; the head knows better.
    await vault.consent('s1', 'paused', elsewhere);
    expect(await vault.ingest('one', 's1', typedRecords(4, 'late', 1), { first: 1, with: source })).toMatchObject({
      suppressed: 4,
      accepted: 0,
    });
  });

  it('of what was suppressed, also when it is sent again after the subject came back', async () => {
    await vault.consent('s1', 'refused');
    await vault.ingest('one', 's1', typedRecords(3));
    await vault.consent('s1', 'given');
    const again = await vault.ingest('one', 's1', typedRecords(5));
    expect(again).toMatchObject({ suppressed: 3, accepted: 2, duplicate: 0, next: 5 });
  });

  it('of anybody while the programme is paused, until a quorum resumes exactly that pause', async () => {
    const first = await vault.pauseProgramme(await vault.openLog());
    const { position: since } = await vault.pauseProgramme();
    const send = (session: string) => vault.ingest(session, 's1', typedRecords(2));
    expect(await send('one')).toMatchObject({ suppressed: 2, accepted: 0 });
    const { hash: assurance } = await vault.assure();
    await vault.act('programme.resume', { since, assurance }, ['ola']);
    await expect(vault.act('programme.resume', { since: first.position, assurance })).rejects.toMatchObject({
      members: { rules: ['pause_ended'] },
    });
    expect(await send('two')).toMatchObject({ suppressed: 2, accepted: 0 });
    await vault.act('programme.resume', { since, assurance });
    expect(await send('three')).toMatchObject({ suppressed: 0, accepted: 2 });
  });

  it('of a subject who paused for a while, and all of what comes after it', async () => {
    const until = Date.now() + 1500;
    await vault.consent('s1', 'paused', vault.log, until);
    expect(await vault.ingest('one', 's1', typedRecords(1))).toMatchObject({ suppressed: 1 });
    while (Date.now() <= until) await sleep(50);
    expect(await vault.ingest('two', 's1', typedRecords(1))).toMatchObject({ accepted: 1 });
  });

  it('of a subject who refused, when a pause of theirs is over', async () => {
    const until = Date.now() + 500;
    await vault.consent('s1', 'refused');
    await vault.consent('s1', 'paused', vault.log, until);
    while (Date.now() <= until) await sleep(50);
    expect(await vault.ingest('one', 's1', typedRecords(1))).toMatchObject({ suppressed: 1 });
  });

  it('in a pause that would be over before it began, or that is none: refused', async () => {
    for (const [consent, until] of [
      ['paused', 1],
      ['given', Date.now() + 60_000],
    ] as const) {
      await expect(vault.consent('s1', consent, vault.log, until)).rejects.toMatchObject({ code: 'input_invalid' });
    }
  });

  it('of a session that belongs to another subject or format', async () => {
    await vault.ingest('one', 's1', typedRecords(2));
    await expect(vault.ingest('one', 's2', typedRecords(2))).rejects.toMatchObject({ code: 'session_conflict' });
    await expect(vault.ingest('one', 's1', typedRecords(2), { format: 'asciicast' })).rejects.toMatchObject({
      code: 'session_conflict',
    });
  });

  it('behind a gap, and the answer says where to go on', async () => {
    await vault.ingest('one', 's1', typedRecords(2));
    await expect(vault.ingest('one', 's1', typedRecords(1, 'x', 3), { first: 3 })).rejects.toMatchObject({
      code: 'sequence_gap',
      members: { expected: 2 },
    });
  });
});

describe('a record is stored once', () => {
  it('sent again, whole or overlapping', async () => {
    expect(await vault.ingest('one', 's1', typedRecords(5))).toMatchObject({ accepted: 5, duplicate: 0 });
    expect(await vault.ingest('one', 's1', typedRecords(5))).toMatchObject({
      accepted: 0,
      duplicate: 5,
      position: null,
    });
    expect(await vault.ingest('one', 's1', typedRecords(4, 'typed', 3), { first: 3 })).toMatchObject({
      accepted: 2,
      duplicate: 2,
      next: 7,
    });
  });

  it('under the same command', async () => {
    const command = freshCommand();
    const first = await vault.ingest('one', 's1', typedRecords(3), { command });
    expect(await vault.ingest('two', 's1', typedRecords(3))).toMatchObject({ accepted: 3 });
    await expect(vault.ingest('three', 's1', typedRecords(3), { command })).rejects.toMatchObject({
      code: 'command_reused',
    });
    expect(first.accepted).toBe(3);
  });

  it('and the same command gets the same answer, from another instance too', async () => {
    const command = freshCommand();
    const first = await vault.ingest('one', 's1', typedRecords(3), { command });
    await vault.ingest('one', 's1', typedRecords(2, 'typed', 3), { first: 3 });
    const stored = await bodies();
    for (const writer of [vault.ingester(), vault.ingester(await vault.openLog())]) {
      expect(await vault.ingest('one', 's1', typedRecords(3), { command, with: writer })).toEqual(first);
    }
    expect(await bodies()).toEqual(stored);
  });

  it('when consent comes back after the writer saw the pause: sealed then, not lost', async () => {
    await vault.ingest('one', 's1', typedRecords(1));
    await vault.consent('s1', 'paused');
    const writer = writerInterruptedBy(() => vault.consent('s1', 'given'));
    const late = { first: 1, with: writer };
    expect(await vault.ingest('one', 's1', typedRecords(2, 'typed', 1), late)).toMatchObject({ accepted: 2, next: 3 });
  });

  it('by two writers of one session on two instances', async () => {
    const [one, two] = [vault.ingester(), vault.ingester(await vault.openLog())];
    for (let first = 0; first < 20; first += 2) {
      const ends = await Promise.allSettled(
        [one, two].map((source) => vault.ingest('one', 's1', typedRecords(2, 'typed', first), { first, with: source })),
      );
      const answers = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
      expect(answers).toHaveLength(2);
      expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(2);
    }
    const { records } = await vault.read(await vault.grant('one', ['typed']), 'one');
    expect(records.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });
});

describe('a record that cannot be stored', () => {
  const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;

  it('is rejected with those beside it by one entry, and each is answered for', async () => {
    const bad = { time: start, data: JSON.parse('1e999') as unknown };
    const answer = await vault.ingest('one', 's1', [...typedRecords(2), bad, bad, bad, ...typedRecords(1), bad, bad]);
    expect(answer).toMatchObject({ accepted: 3, rejected: 5, next: 8 });
    expect(answer.problems.map(({ index }) => index)).toEqual([2, 3, 4, 6, 7]);
    const entries = await vault.log.reader.session('one' as SessionId);
    const told = entries.map(({ type, data }) => [type, (data as Records).first, (data as Records).count]);
    expect(told.slice(2)).toEqual([
      ['session.batch', 0, 2],
      ['records.rejected', 2, 3],
      ['session.batch', 5, 1],
      ['records.rejected', 6, 2],
    ]);
  });

  it('is rejected by its number, and those around it are stored', async () => {
    const [before, bad, after] = typedRecords(3);
    const records = [before, { ...bad, data: nested(1300) }, after] as NonNullable<typeof before>[];
    expect(await vault.ingest('one', 's1', records)).toMatchObject({
      accepted: 2,
      rejected: 1,
      next: 3,
      problems: [{ index: 1 }],
    });
    const { records: read } = await vault.read(await vault.grant('one', ['typed']), 'one');
    expect(read.map(({ sequence }) => sequence)).toEqual([0, 2]);
  });
});

describe('what holds a card', () => {
  const card = (index: number) => ({
    time: start + index,
    data: input(index, '4111 1111 1111 1111'.slice(0, index + 1)),
  });
  const input = (index: number, text: string) => ({
    type: 3,
    data: { source: 5, text, isChecked: false, id: 7 },
    timestamp: start + index,
  });
  const letters = Array.from({ length: 19 }, (_, index) => card(index));

  it('is not under a grant on the field that it was typed into, and no prefix of it', async () => {
    await vault.ingest('one', 's1', [...letters, ...typedRecords(1, 'plain', 30)]);
    const { records } = await vault.read(await vault.grant('one', ['typed']), 'one');
    // The other record is of the same input: what is typed there later is kept back too.
    expect(records).toEqual([]);
  });

  it('is counted in the clear header, record by record of a batch, and not where it is', async () => {
    await vault.ingest('one', 's1', letters);
    const batch = (await vault.log.reader.session('one' as SessionId)).at(-1);
    expect(batch).toMatchObject({ type: 'session.batch', data: { count: 19, tags: { card: 19 } } });
    expect(batch?.columns.map(({ field }) => field)).toEqual(['time', 'kind', 'raised']);
  });
});

describe('what is stored', () => {
  it('opens again to the same records, over batches, epochs and restarts of the writer', async () => {
    await vault.ingest('one', 's1', typedRecords(600));
    await vault.ingest('one', 's1', typedRecords(100, 'typed', 600), { first: 600 });
    const types = await streamOf('one');
    expect(types).toEqual([
      'session.opened',
      'session.keyed',
      'session.batch',
      'session.batch',
      'session.keyed',
      'session.batch',
    ]);
    const { records } = await vault.read(await vault.grant('one', ['typed']), 'one');
    expect(records.map(({ fields }) => (fields['typed'] as { text: string }).text)).toEqual(
      Array.from({ length: 700 }, (_, index) => `typed ${index}`),
    );
  });

  it('shows no plaintext in any table', async () => {
    const canary = 'canary-77b0e2';
    await vault.ingest('one', 's1', typedRecords(50, canary));
    const grant = await vault.grant('one', ['typed']);
    const { records } = await vault.read(grant, 'one');
    expect(JSON.stringify(records)).toContain(canary);
    const tables = await vault.asIntruder(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('log', 'keys', 'public')",
    );
    const dumped: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await vault.asIntruder(`SELECT t::text AS row FROM ${name} t`);
      dumped.push(...rows.map(({ row }) => row as string));
    }
    const found = (text: string) => spellings(text).filter((spelling) => dumped.some((row) => row.includes(spelling)));
    // The name of the format is not secret, and stands in a header: the search does find what is there.
    expect(found('rrweb')).not.toEqual([]);
    expect(found(canary)).toEqual([]);
  });
});

/** How PostgreSQL's text of a row would show it: as text or in bytes, plain, in UTF-16, or in base64 at any offset. */
function spellings(text: string): string[] {
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.from(`${' '.repeat(offset)}${text}`)
      .toString('base64')
      .slice(offset === 0 ? 0 : 4)
      .replace(/.?=*$/, ''),
  );
  const hexOf = (one: string, encoding: BufferEncoding) => Buffer.from(one, encoding).toString('hex');
  const texts = [text, ...base64];
  return [...texts, ...texts.map((one) => hexOf(one, 'utf8')), hexOf(text, 'utf16le')];
}

describe('a source whose clock is wrong', () => {
  const year = 365 * 86_400_000;
  const at = (...times: number[]) =>
    times.map((time, index) => ({ time, data: typedRecords(1, 'text', index)[0]?.data }));

  it('is believed about its records, and about nothing else', async () => {
    const times = [start + 10 * year, start - 10 * year, start, start];
    expect(await vault.ingest('one', 's1', at(...times))).toMatchObject({ accepted: 4, rejected: 0 });
    const entries = await vault.log.reader.session('one' as SessionId);
    const batch = entries.find(({ type }) => type === 'session.batch');
    expect(batch?.data).toMatchObject({ first: 0, count: 4, from: start - 10 * year, to: start + 10 * year });
    expect(Math.abs((batch?.at ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it('stores nothing of who has paused since, whenever it says that it was', async () => {
    await vault.consent('s1', 'paused');
    expect(await vault.ingest('one', 's1', at(start - year, start + year))).toMatchObject({
      accepted: 0,
      suppressed: 2,
    });
    expect(await bodies()).toEqual([]);
  });
});
