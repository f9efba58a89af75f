import { typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { openPool } from '../log/database.js';
import type { GrantId, SubjectId } from '../log/ids.js';
import { rotateRootKey } from './rotate-root-key.js';
import { freshRootKey, rootKeysOf, withNextKey } from './root-key.js';
import { SubjectKeyStore } from './subject-key-store.js';

let vault: VaultInProcess;
let grants: GrantId[];
let pool: ReturnType<typeof openPool>;
let store: SubjectKeyStore;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  grants = [];
  for (const n of [1, 2, 3]) {
    await vault.ingest(`session-${n}`, `s${n}`, typedRecords(3));
    grants.push(await vault.grant(`session-${n}`, ['typed']));
  }
  pool = openPool(vault.database.url('custos_keyholder'), { connections: 4, name: 'rotate' });
  store = new SubjectKeyStore(pool);
});
afterEach(async () => {
  await pool.end();
  await vault.stop();
});

async function everybodyReads(): Promise<void> {
  for (const [index, grant] of grants.entries()) {
    expect((await vault.read(grant, `session-${index + 1}`)).records).toHaveLength(3);
  }
}
const wrapped = async () => (await vault.asIntruder('SELECT wrapped FROM keys.subject_key ORDER BY key_id')).rows;
const rotate = () => rotateRootKey(vault.rootKeys, store);

it('a rotation wraps every key again, and nobody who reads sees it, with a keyholder of before or of after', async () => {
  const [before, size] = [await wrapped(), (await vault.log.reader.head()).size];
  expect(await rotate()).toEqual({ rewrapped: 3, keys: 3 });
  expect((await vault.log.reader.head()).size).toBe(size);
  expect((await wrapped()).filter((row, index) => row.wrapped.equals(before[index].wrapped))).toEqual([]);
  expect(vault.rootKeys.held?.previous).toBeUndefined();
  await everybodyReads();
  vault.keyholder = await vault.openKeyholder();
  await everybodyReads();
  expect(await vault.verify()).toMatchObject({ ok: true });
});

it('a keyholder that knows the old root key only makes no key that the new one does not open', async () => {
  await rotate();
  await vault.ingest('later', 's9', typedRecords(3));
  grants = [];
  expect(await rotate()).toEqual({ rewrapped: 4, keys: 4 });
  expect((await vault.read(await vault.grant('later', ['typed']), 'later')).records).toHaveLength(3);
});

it('whoever makes a key while it rotates waits, or is waited for', async () => {
  const making = Array.from({ length: 8 }, (_, n) => vault.keyholder.register(`new-${n}` as SubjectId));
  await Promise.all([rotate(), ...making]);
  const { keys } = await rotate();
  expect(keys).toBe(11);
});

it.each<[string, () => Promise<unknown>]>([
  ['makes', () => vault.keyholder.register('new' as SubjectId)],
  ['erases', () => vault.erase('s1')],
])('whoever %s a key waits while keys are taken out and put in again', async (_what, act) => {
  const waits = async (): Promise<string> => {
    for (;;) {
      const { rows } = await vault.asIntruder("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
      if (rows.length > 0) return 'waits';
    }
  };
  let acting: Promise<unknown> = Promise.resolve();
  await store.whileNoneIsMade(async () => {
    acting = act();
    expect(await Promise.race([waits(), acting.then(() => 'does not wait')])).toBe('waits');
  });
  await acting;
});

it('who is erased while it rotates stays erased, and all others stay', async () => {
  const others = Array.from({ length: 30 }, (_, n) => `e${n}` as SubjectId);
  for (const subject of others) await vault.ingest(`of-${subject}`, subject, typedRecords(1));
  const small = Object.assign(Object.create(store) as SubjectKeyStore, {
    page: (after: string) => store.page(after, 2),
  });
  const erasing = others.slice(0, 15).map((subject) => vault.erase(subject));
  await Promise.all([rotateRootKey(vault.rootKeys, small), ...erasing]);
  const { rows } = await vault.asIntruder('SELECT subject FROM keys.subject_key');
  expect(rows.map(({ subject }) => subject).sort()).toEqual(['s1', 's2', 's3', ...others.slice(15)].sort());
  expect((await vault.keyholder.status()).erasedKeysLeft).toBe(0);
  expect(await rotate()).toEqual({ rewrapped: 18, keys: 18 });
});

describe('cut off, a rotation loses nothing, and goes on where it was', () => {
  class Crash extends Error {}
  const crashed = (work: Promise<unknown>) => expect(work).rejects.toBeInstanceOf(Crash);
  /** The key file as it is, but for the nth time that it is written. */
  const dyingAtWrite = (nth: number, when: 'before' | 'after') => {
    let writes = 0;
    return {
      read: () => vault.rootKeys.read(),
      async write(keys: Parameters<typeof vault.rootKeys.write>[0]) {
        writes += 1;
        if (writes === nth && when === 'before') throw new Crash();
        await vault.rootKeys.write(keys);
        if (writes === nth) throw new Crash();
      },
    };
  };

  it.each([
    ['before both are in the file', 1, 'before', 3],
    ['when both are in the file', 1, 'after', 3],
    ['when all keys are wrapped again', 2, 'before', 0],
    ['when the old one has left the file', 2, 'after', 3],
  ] as const)('%s', async (_when, nth, when, again) => {
    await crashed(rotateRootKey(dyingAtWrite(nth, when), store));
    await everybodyReads();
    vault.keyholder = await vault.openKeyholder();
    await everybodyReads();
    expect(await rotate()).toEqual({ rewrapped: again, keys: 3 });
    await everybodyReads();
  });

  it('between any two pages', async () => {
    let left = 2;
    const dying = Object.assign(Object.create(store) as SubjectKeyStore, {
      page: (after: string) => store.page(after, 1),
      rewrap: (keys: Parameters<SubjectKeyStore['rewrap']>[0]) =>
        (left -= 1) < 0 ? Promise.reject(new Crash()) : store.rewrap(keys),
    });
    await crashed(rotateRootKey(vault.rootKeys, dying));
    await everybodyReads();
    vault.keyholder = await vault.openKeyholder();
    await everybodyReads();
    expect(await rotate()).toEqual({ rewrapped: 1, keys: 3 });
  });
});

describe('the old root key stays where it is', () => {
  it('while there is a key that opens by neither, and the others are read all the same', async () => {
    await vault.asIntruder(
      "UPDATE keys.subject_key SET wrapped = set_byte(wrapped, 40, get_byte(wrapped, 40) # 1) WHERE subject = 's3'",
    );
    await expect(rotate()).rejects.toMatchObject({ code: 'root_key_wrong', members: { unopened: 1 } });
    expect(vault.rootKeys.held?.previous).toBeDefined();
    grants.pop();
    vault.keyholder = await vault.openKeyholder();
    await everybodyReads();
  });
});

describe('a keyholder does not start', () => {
  it('with a root key that opens none of the keys, although its signing key is the right one', async () => {
    const { attestation } = await vault.rootKeys.read();
    await vault.rootKeys.write({ current: freshRootKey(), attestation });
    await expect(vault.openKeyholder()).rejects.toMatchObject({ code: 'root_key_wrong', members: { unopened: 3 } });
  });

  it('with the root key of before the last rotation', async () => {
    await rotate();
    await vault.rootKeys.write(rootKeysOf(vault.rootKey));
    await expect(vault.openKeyholder()).rejects.toMatchObject({ code: 'root_key_wrong' });
  });
});

it('an old backup of the keys opens with the old root key beside the new one, and a rotation takes it over', async () => {
  const backup = (await vault.asIntruder('SELECT * FROM keys.subject_key')).rows;
  await rotate();
  for (const { key_id, wrapped: old } of backup) {
    await vault.asIntruder('UPDATE keys.subject_key SET wrapped = $2 WHERE key_id = $1', [key_id, old]);
  }
  const { current, attestation } = await vault.rootKeys.read();
  await vault.rootKeys.write({ ...withNextKey(rootKeysOf(vault.rootKey), current), attestation });
  vault.keyholder = await vault.openKeyholder();
  await everybodyReads();
  expect(await rotate()).toEqual({ rewrapped: 3, keys: 3 });
});
