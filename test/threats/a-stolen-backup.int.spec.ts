import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import pg from 'pg';
import { formsOf } from '../../src/demo/canary-search.js';
import { attestKey } from '../../src/keys/attestation.js';
import { freshRootKey, rootKeysOf } from '../../src/keys/root-key.js';
import type { Draft } from '../../src/log/draft.js';
import type { SessionId } from '../../src/log/ids.js';
import { LogReader } from '../../src/log/log-reader.js';
import { writeCommand } from '../../src/log/write-command.js';
import { openSessionKey } from '../../src/sealing/session-key.js';
import { unwrapSubjectKey } from '../../src/sealing/subject-key.js';
import { Backups } from '../backups.js';
import { cloneDatabase, type TestDatabase } from '../postgres/database.js';
import { freshCommand, HeldRootKeys, source, start, VaultInProcess } from '../vault-in-process.js';

/**
 * Whoever has stolen both backups, that of the log and that of the keys, has a thousand records and not a word of them: what
 * opens them is in neither, and no other root key will do.
 */
const each = 200;
/** Sessions by the field in which their canaries end. */
const recordings: Readonly<Record<string, [format: string, data: (text: string, timestamp: number) => unknown]>> = {
  typed: ['rrweb', (text, timestamp) => ({ type: 3, data: { source: 5, text, id: 7 }, timestamp })],
  'screen.text': ['asciicast', (text) => [0.1, 'o', text]],
  prompt: ['messages', (content) => ({ role: 'user', content })],
  response: ['messages', (content) => ({ role: 'assistant', content })],
  other: ['messages', (unknown) => ({ role: 'user', content: 'x', unknown })],
};
const canaries: string[] = [];

let vault: VaultInProcess;
let backups: Backups;
let restored: TestDatabase;
beforeAll(async () => {
  vault = await VaultInProcess.start();
  for (const [session, [format, data]] of Object.entries(recordings)) {
    const texts = Array.from({ length: each }, () => `canary-${randomBytes(6).toString('hex')}`);
    canaries.push(...texts);
    const records = texts.map((text, index) => ({ time: start + index, data: data(text, start + index) }));
    expect(await vault.ingest(session, `of-${session}`, records, { format })).toMatchObject({ accepted: each });
  }
  backups = await Backups.of(vault);
  await backups.take('log');
  await backups.take('keys');
  restored = await cloneDatabase();
  await backups.restore(['log', 'keys'], restored);
});
afterAll(async () => {
  await vault.stop();
  await restored.drop();
  await backups.remove();
});

const contents = () => backups.contents('log', 'keys');
const found = (what: readonly (string | Uint8Array)[], where: readonly Buffer[]) =>
  what.flatMap((one) =>
    [...formsOf(one)].filter(([, form]) => where.some((bytes) => bytes.includes(form))).map(([form]) => form),
  );

/** What they hold of a session: its subject's wrapped key, and its entries with their sealed columns. */
async function stolen(session: string) {
  const client = new pg.Client(restored.superuserUrl);
  await client.connect();
  try {
    const { rows: keys } = await client.query('SELECT * FROM keys.subject_key WHERE subject = $1', [`of-${session}`]);
    const { rows: bodies } = await client.query('SELECT position::int, field, sealed FROM log.body');
    const { subject, key_id: keyId, public_key: publicKey, wrapped } = keys[0];
    const entries = (await new LogReader(client).session(session as SessionId)).map((entry) => ({
      ...entry,
      columns: bodies.filter(({ position }) => position === entry.position),
    }));
    return { subject, keyId, publicKey, wrapped, entries };
  } finally {
    await client.end();
  }
}

describe('in both backups, unpacked, there is', () => {
  it('none of a thousand canaries, though their subjects read every one of them in the vault', async () => {
    expect(new Set(canaries).size).toBe(1000);
    expect(found(canaries, await contents())).toEqual([]);
    const read = [];
    for (const session of Object.keys(recordings)) {
      for await (const { columns } of (await vault.copy(session, `of-${session}`)).batches) read.push(columns);
    }
    expect(found(canaries, [Buffer.from(JSON.stringify(read))])).toEqual(canaries.map(() => 'raw'));
  });

  it('neither the root key, nor a key of a subject, nor one of a session', async () => {
    const secrets = [vault.rootKey.bytes, rootKeysOf(vault.rootKey).attestation.bytes];
    for (const session of Object.keys(recordings)) {
      const { entries, wrapped, ...binding } = await stolen(session);
      const keyPair = unwrapSubjectKey(vault.rootKey, binding, wrapped);
      const keyed = entries.find((one) => one.type === 'session.keyed');
      if (keyPair.kind !== 'opened' || keyed === undefined) throw new Error('no key of a subject');
      const opened = openSessionKey(keyPair, keyed.data.sealedKey);
      if (opened.kind !== 'opened') throw new Error('no key of a session');
      secrets.push(keyPair.secretKey.bytes, opened.sessionKey.bytes);
    }
    expect(found(secrets, await contents())).toEqual([]);
  });

  it('one once it is planted in one file: the search sees it in whatever way it is written', async () => {
    const planted = backups.path('log/planted');
    for (const one of [canaries[999] as string, vault.rootKey.bytes]) {
      for (const [form, bytes] of formsOf(one)) {
        await writeFile(planted, Buffer.concat([Buffer.alloc(99, 1), bytes, Buffer.alloc(3)]));
        expect(found([...canaries, vault.rootKey.bytes], await contents())).toEqual([form]);
      }
    }
    await rm(planted);
  });
});

describe('what a thief makes of them opens nothing:', () => {
  it('a keyholder with another root key does not start on them, be it the one that its trust file names', async () => {
    const [original, another] = [vault.database, freshRootKey()];
    vault.database = restored;
    try {
      await expect(vault.startKeyholderWith(another.bytes)).rejects.toMatchObject({ code: 'root_key_wrong' });
      vault.rootKeys = new HeldRootKeys(another);
      await expect(vault.openKeyholder()).rejects.toMatchObject({ code: 'root_key_wrong' });
      expect(await vault.startKeyholderWith(vault.rootKey.bytes)).toBe(0);
    } finally {
      Object.assign(vault, { database: original, rootKeys: new HeldRootKeys(vault.rootKey) });
    }
  });

  it('nor does an installation of their own, its own log and approvers, into which entries and keys were moved', async () => {
    const thief = await VaultInProcess.start();
    try {
      const own = rootKeysOf(thief.rootKey);
      const { entries, wrapped, ...key } = await stolen('typed');
      const { subject, keyId, publicKey } = key;
      const sql = 'INSERT INTO keys.subject_key VALUES ($1, $2, $3, $4)';
      await thief.asIntruder(sql, [subject, keyId, publicKey, wrapped]);
      const data = { keyId, publicKey, attestation: attestKey(own.attestation, key) };
      const registered: Draft = { type: 'subject.registered', stream: `subject/${subject}`, subject, data };
      const moved = entries.map(({ id, type, stream, data, columns }) => ({ id, type, stream, subject, data, columns }) as Draft); // prettier-ignore
      const command = writeCommand(freshCommand(), source, 'moved');
      await thief.log.append(command, () => ({ entries: [registered, ...moved], answer: null }));
      const read = async () => (await thief.read(await thief.grant('typed', ['typed']), 'typed')).records;
      await expect(read()).rejects.toMatchObject({ code: 'tampered' });
      // All that it lacked is the root key.
      thief.rootKeys.held = { ...own, current: vault.rootKey };
      thief.keyholder = await thief.openKeyholder();
      expect(await read()).toHaveLength(each);
    } finally {
      await thief.stop();
    }
  });
});
