import { start, typedRecords, freshCommand, VaultInProcess } from '../../test/vault-in-process.js';
import type { EntryData } from '../log/entries.js';
import type { FieldName } from '../log/fields.js';
import type { PersonId, Position, SubjectId } from '../log/ids.js';
import { openPool } from '../log/database.js';
import { decodeHeader, encodeHeader } from '../log/header.js';
import { retentionStream } from '../log/claimed-expiries.js';
import { writeCommand } from '../log/write-command.js';
import type { KeyholderPort } from './keyholder-port.js';
import { goneKeyholder } from '../../test/gone-keyholder.js';
import { dayMs, retentionKey } from './retention.js';
import { SweepRetention, SweepRetentionHandler } from './sweep-retention.js';

const officer = 'officer1' as PersonId;
/** A page with its address, and typing: `url` and `typed` beside `time` and `kind`. */
const page = {
  time: start,
  data: { type: 4, data: { href: 'https://example.org/a', width: 9, height: 9 }, timestamp: start },
};
const records = [page, ...typedRecords(9, 'typed', 1)]; // prettier-ignore

let vault: VaultInProcess;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', records);
});
afterEach(() => vault.stop());

const setting = (...kept: [FieldName, number | null][]) => ({
  keep: kept.map(([field, days]) => ({ field, days })),
  reason: 'as the works council agreed',
});
const keep = (...kept: [FieldName, number | null][]) => vault.act('retention.set', setting(...kept));
const sweep = (keyholder: KeyholderPort = vault.keyholder, leastMs = 0) =>
  new SweepRetentionHandler(vault.log, keyholder).execute(new SweepRetention(freshCommand(), officer, leastMs));
const columns = async (): Promise<Record<string, number>> => {
  const { rows } = await vault.asIntruder('SELECT field, count(*)::int AS n FROM log.body GROUP BY 1 ORDER BY 1');
  return Object.fromEntries(rows.map(({ field, n }) => [field, n]));
};
const whole = { kind: 1, time: 1, typed: 1, url: 1, window: 1 };
const { typed: _typed, ...withoutTyped } = whole;
const green = async () => expect(await vault.verify()).toMatchObject({ ok: true, problems: [] });

/** As a role of the database, or as its superuser, with triggers on. */
async function as(role: 'custos_service' | 'custos_keyholder' | 'superuser', sql: string, values: unknown[] = []) {
  const url = role === 'superuser' ? vault.database.superuserUrl : vault.database.url(role);
  const pool = openPool(url, { connections: 1, name: 'test' });
  try {
    return await pool.query(sql, values);
  } finally {
    await pool.end();
  }
}
const callDelete = (role: 'custos_service' | 'custos_keyholder', expired: [Position, FieldName, number]) =>
  as(role, 'SELECT * FROM log.delete_expired_bodies($1, $2, $3)', expired);

/** Writes an entry as a stolen service could: validly signed, and without asking any rule. */
async function forge(data: EntryData['columns.expired']): Promise<Position> {
  const { positions } = await vault.log.append(writeCommand(freshCommand(), officer, 'forged'), () => ({
    entries: [{ type: 'columns.expired', stream: retentionStream, data }],
    answer: null,
  }));
  return positions[0] as Position;
}

describe('no sealed column is deleted', () => {
  it('without a retention, however old it is', async () => {
    await vault.passDays(10_000);
    expect(await sweep()).toMatchObject({ expired: [], deleted: 0 });
    expect(await columns()).toEqual(whole);
  });

  it('by a retention that one officer alone has signed', async () => {
    await vault.act('retention.set', setting(['typed', 1]), ['ola']);
    await vault.passDays(400);
    expect(await sweep()).toMatchObject({ expired: [], deleted: 0 });
    expect(await columns()).toEqual(whole);
  });

  it('before its days are over, or of another field', async () => {
    await keep(['typed', 30], ['performance', 1]);
    await vault.passDays(29.9);
    expect(await sweep()).toMatchObject({ expired: [], deleted: 0 });
    expect(await columns()).toEqual(whole);
  });

  it('within a day of the setting, so that a slip can be put right', async () => {
    await vault.passDays(400);
    await keep(['typed', 1]);
    await vault.passDays(0.9);
    expect(await sweep()).toMatchObject({ expired: [], deleted: 0 });
    await vault.act('retention.set', setting(['typed', null]), ['roy']);
    await vault.passDays(400);
    expect(await sweep()).toMatchObject({ expired: [], deleted: 0 });
    expect(await columns()).toEqual(whole);
  });

  it.each([
    ['DELETE FROM log.body', '42501'],
    ["UPDATE log.body SET sealed = 'x'", '42501'],
    ['TRUNCATE log.body', '42501'],
    ['DELETE FROM log.body_0', '42501'],
    ['DROP TABLE log.body_0', '42501'],
    ["UPDATE log.deleted_body SET before = 9e15::bigint", '42501'],
    ['SELECT log.drop_empty_body_partitions()', '42501'],
    ["SELECT log.delete_expired_bodies(3, 'typed', 1)", '42501'],
  ])('by the service: %s', async (sql, code) => {
    await keep(['typed', 30]);
    await vault.passDays(40);
    await sweep(goneKeyholder()).catch(() => undefined);
    await expect(as('custos_service', sql)).rejects.toMatchObject({ code });
    expect(await columns()).toEqual(whole);
  }); // prettier-ignore

  it('by the keyholder’s password, but what a committed entry names, to the letter', async () => {
    await keep(['typed', 30]);
    await vault.passDays(40);
    await sweep(goneKeyholder()).catch(() => undefined);
    const { before, position } = vault.log.state.of(retentionKey).expired.get('typed') ?? { before: 0, position: 0 as Position };
    for (const sql of ['DELETE FROM log.body', "UPDATE log.body SET sealed = 'x'", 'TRUNCATE log.body', 'DELETE FROM log.body_0']) {
      await expect(as('custos_keyholder', sql)).rejects.toMatchObject({ code: '42501' });
    }
    const wrong: [Position, FieldName, number][] = [
      [position, 'url', before],
      [position, 'typed', before + 1],
      [position, 'typed', 9_000_000_000_000],
      [(position - 1) as Position, 'typed', before],
      [(position + 1) as Position, 'typed', before],
      [null as unknown as Position, 'typed', before],
      [position, null as unknown as FieldName, before],
      [position, 'typed', null as unknown as number],
    ];
    for (const one of wrong) await expect(callDelete('custos_keyholder', one)).rejects.toThrow();
    expect(await columns()).toEqual(whole);
    await callDelete('custos_keyholder', [position, 'typed', before]);
    expect(await columns()).toEqual(withoutTyped);
  }); // prettier-ignore

  it('that is younger than a day, whatever a committed entry says', async () => {
    const before = vault.clock();
    const position = await forge({ field: 'typed', before, policy: 0 });
    await expect(callDelete('custos_keyholder', [position, 'typed', before])).rejects.toMatchObject({ code: 'CU005' });
  });

  it('by a tired owner, but what was given up', async () => {
    await keep(['typed', 30]);
    await vault.passDays(40);
    await sweep();
    await vault.ingest('two', 's1', typedRecords(1));
    for (const sql of ['DELETE FROM log.body', "DELETE FROM log.body WHERE field = 'typed'", 'DELETE FROM log.body_0']) {
      await expect(as('superuser', sql)).rejects.toMatchObject({ code: 'CU003' });
    }
  }); // prettier-ignore

  describe('by an entry of a stolen service, which the keyholder folds and does not believe:', () => {
    let policy: Position;
    beforeEach(async () => {
      ({ position: policy } = await keep(['typed', 30]));
      await vault.passDays(40);
    });
    const clock = () => vault.clock();
    it.each<[what: string, entry: () => EntryData['columns.expired']]>([
      ['too much', () => ({ field: 'typed', before: clock() - 29 * dayMs, policy })],
      ['another field', () => ({ field: 'url', before: clock() - 39 * dayMs, policy })],
      ['no policy', () => ({ field: 'typed', before: clock() - 39 * dayMs, policy: 0 })],
    ])('%s', async (_what, entry) => {
      const position = await forge(entry());
      expect(await vault.keyholder.deleteExpired()).toEqual({ columns: 0, done: true });
      expect(await columns()).toEqual(whole);
      expect((await vault.verify()).problems).toEqual([{ position, check: 'retention_invalid' }]);
    });

    it('and one of the future, which may be a lie about the time, deletes nothing until the keyholder’s clock agrees', async () => {
      await vault.ingest('two', 's1', typedRecords(1));
      const now = vault.clock();
      await vault.passDays(300);
      vault.clock = () => now;
      expect(await sweep()).toMatchObject({ expired: [{ field: 'typed' }], deleted: 0 });
      expect(await columns()).toMatchObject({ typed: 2 });
      await vault.passDays(0);
      expect((await sweep(vault.keyholder, dayMs)).deleted).toBe(2);
    });

    it('and one that is right deletes', async () => {
      await forge({ field: 'typed', before: clock() - 39 * dayMs, policy });
      expect(await vault.keyholder.deleteExpired()).toEqual({ columns: 1, done: true });
      await green();
    });
  });

  it('by an entry that somebody wrote by hand with the service’s password: the keyholder stops', async () => {
    await keep(['typed', 30]);
    await vault.passDays(40);
    await sweep(goneKeyholder()).catch(() => undefined);
    const { rows } = await as('custos_service', 'SELECT size, at, frontier, checkpoint FROM log.head');
    const { size, at, frontier, checkpoint } = rows[0];
    const right = (await vault.log.reader.stream(retentionStream)).at(-1);
    const forged = await vault.log.reader.header(right?.position as number);
    await as(
      'custos_service',
      `SELECT log.append_group($1, $5, $2, $3, $4, $5, sha256('\\x00' || $6::bytea), $6::bytea, '{1}', ARRAY[length($6::bytea)],
         '{retention}', '{9}', '{columns.expired}', '{NULL}', '{true}', '{}', '{}', '', '{}', '{}', '{}', '{}', '{}', '')`,
      [size, size + 1, at, frontier, checkpoint, Buffer.from(forged)],
    );
    await expect(vault.keyholder.deleteExpired()).rejects.toMatchObject({ code: 'log_corrupt' });
    expect(await columns()).toEqual(whole);
  }); // prettier-ignore
});

describe('a missing column is', () => {
  it('a problem where no entry gave it up, also beside one that did', async () => {
    await keep(['typed', 30]);
    await vault.passDays(40);
    await sweep();
    const { rows } = await vault.asIntruder("DELETE FROM log.body WHERE field = 'url' RETURNING position");
    expect((await vault.verify()).problems).toEqual([{ position: rows[0].position, check: 'body_missing' }]);
  });

  it('a problem where it came later than what was given up', async () => {
    await keep(['typed', 30]);
    await vault.passDays(40);
    await sweep();
    await vault.ingest('two', 's1', typedRecords(1));
    const { rows } = await vault.asIntruder("DELETE FROM log.body WHERE field = 'typed' RETURNING position");
    expect((await vault.verify()).problems).toEqual([{ position: rows[0].position, check: 'body_missing' }]);
  });
});

it('a column that is put back is no column: nobody opens it, and verify names it an hour later', async () => {
  const grant = await vault.grant('one', ['typed', 'url']);
  const { rows } = await vault.asIntruder("SELECT * FROM log.body WHERE field = 'typed'");
  await keep(['typed', 30]);
  await vault.passDays(40);
  await sweep();
  await vault.asIntruder('INSERT INTO log.body VALUES ($1, $2, $3)', [rows[0].position, 'typed', rows[0].sealed]);
  const now = jest.spyOn(Date, 'now');
  try {
    const real = Date.now();
    now.mockReturnValue(real + 40 * dayMs);
    await green();
    now.mockReturnValue(real + 40 * dayMs + 3_700_000);
    expect((await vault.verify()).problems).toEqual([{ position: rows[0].position, check: 'body_expired' }]);
  } finally {
    now.mockRestore();
  }
  const fresh = await vault.grant('one', ['typed', 'url']);
  expect(fresh).not.toBe(grant);
  expect((await vault.read(fresh, 'one')).records.map(({ fields }) => Object.keys(fields))).toEqual([['url']]);
});

describe('a sweep that stops', () => {
  it('between the entry and the deletion is finished by the next, without another entry; meanwhile nothing opens', async () => {
    await keep(['typed', 30]);
    await vault.passDays(40);
    await expect(sweep(goneKeyholder())).rejects.toMatchObject({ code: 'keyholder_unavailable' });
    expect(await columns()).toEqual(whole);
    const { position } = vault.log.state.of(retentionKey).expired.get('typed') ?? {};
    const grant = await vault.grant('one', ['typed']);
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'columns_expired', members: { position } });
    await green();

    expect(await sweep(await vault.openKeyholder(), dayMs)).toMatchObject({ expired: [], deleted: 1 });
    expect(await columns()).toEqual(withoutTyped);
    expect(vault.log.state.of(retentionKey).expired.get('typed')).toMatchObject({ position });
    await green();
  });

  it('leaves columns that do not open under a header that was made younger', async () => {
    await keep(['typed', 30]);
    await vault.passDays(40);
    await sweep(goneKeyholder()).catch(() => undefined);
    const grant = await vault.grant('one', ['typed']);
    await vault.keyholder.register('s1' as SubjectId); // It has read the log up to here, and does not read it again.
    const { rows } = await vault.asIntruder(
      "SELECT position, header FROM log.entry WHERE type = 'session.batch' AND stream = 'session/one'",
    );
    for (const { position, header } of rows) {
      const younger = encodeHeader({ ...decodeHeader(header), at: Date.now() + 100 * dayMs });
      await vault.asIntruder(
        `UPDATE log.entry SET header = '\\x${Buffer.from(younger).toString('hex')}' WHERE position = ${position}`,
      );
    }
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'tampered' });
  });

  it('between two fields, or in the middle of a field, goes on where it was', async () => {
    await keep(['typed', 30], ['url', 30]);
    await vault.passDays(40);
    await sweep(goneKeyholder()).catch(() => undefined);
    const { before, position } = vault.log.state.of(retentionKey).expired.get('url') ?? { before: 0, position: 0 as Position };
    await callDelete('custos_keyholder', [position, 'url', before]);
    expect(await sweep(vault.keyholder, dayMs)).toMatchObject({ expired: [], deleted: 1 });
    const { typed, url, ...rest } = whole;
    expect([typed, url, await columns()]).toEqual([1, 1, rest]);
    await green();
  }); // prettier-ignore

  it('after a deletion whose answer was lost deletes nothing twice, and two at once do not meet', async () => {
    await keep(['typed', 30]);
    await vault.passDays(40);
    const other = await vault.openKeyholder();
    const sums = await Promise.all([sweep(), sweep(other), sweep()]);
    expect(sums.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(1);
    expect((await sweep()).deleted).toBe(0);
    await green();
  });
});

describe('retention, column by column:', () => {
  it('one field is gone after its days, and the others of the same batch remain and read', async () => {
    await keep(['typed', 30], ['url', 365]);
    await vault.passDays(40);
    const swept = await sweep();
    expect(swept).toMatchObject({ deleted: 1, expired: [{ field: 'typed' }] });
    expect(await columns()).toEqual(withoutTyped);
    const position = swept.expired[0]?.position as Position;

    const grant = await vault.grant('one', ['typed', 'url']);
    const disclosed = await vault.disclose(grant, 'one');
    const batches = [];
    for await (const batch of disclosed.batches) batches.push(batch);
    expect(batches).toHaveLength(1);
    expect(batches[0]).toMatchObject({
      sequences: [0],
      columns: { url: [{ href: 'https://example.org/a' }] },
      expired: [{ field: 'typed', position, records: 10 }],
    });
    await green();
  });

  it('what comes later is kept for its own days', async () => {
    await keep(['typed', 30]);
    await vault.passDays(20);
    await vault.ingest('two', 's1', typedRecords(3));
    await vault.passDays(15);
    expect((await sweep()).deleted).toBe(1);
    const { records: read } = await vault.read(await vault.grant('two', ['typed']), 'two');
    expect(read).toHaveLength(3);
    await vault.passDays(20);
    expect((await sweep()).deleted).toBe(1);
    expect((await sweep()).expired).toEqual([]);
    await green();
  });

  it('a grant over nothing but what is gone is answered with the entry that gave it up, and is not charged', async () => {
    const { position: policy } = await keep(['typed', 30]);
    await vault.passDays(40);
    const { expired } = await sweep();
    const grant = await vault.grant('one', ['typed']);
    const [{ position } = { position: 0 }] = expired;
    for (let times = 0; times < 12; times += 1) {
      await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'columns_expired', members: { position } });
    }
    expect(position).toBeGreaterThan(policy);
    const refusals = (await vault.log.reader.stream(`request/${grant}`)).filter(({ type }) => type === 'disclosure.refused');
    expect(refusals).toHaveLength(12);
  }); // prettier-ignore

  it('without the times a batch is read whole or, where the range cuts through it, not at all', async () => {
    await keep(['time', 30]);
    await vault.passDays(40);
    await sweep();
    const uncut = await vault.read(await vault.grant('one', ['typed', 'time']), 'one');
    expect(uncut.records.map(({ sequence, time }) => [sequence, time])).toEqual(
      Array.from({ length: 9 }, (_, index) => [index + 1, undefined]),
    );
    const cut = await vault.grant('one', ['typed'], { from: start + 3000, to: start + 5000 });
    await expect(vault.read(cut, 'one')).rejects.toMatchObject({ code: 'columns_expired' });
  });

  it('a session that is read while a sweep takes its columns ends with what is gone, and no alarm', async () => {
    await vault.ingest('one', 's1', typedRecords(5, 'more', 10), { first: 10 });
    await keep(['typed', 30]);
    await vault.passDays(40);
    const grant = await vault.grant('one', ['typed', 'kind']);
    const { batches } = await vault.disclose(grant, 'one');
    const seen = [];
    for await (const batch of batches) {
      if (seen.length === 0) expect((await sweep()).deleted).toBe(2);
      seen.push([Object.keys(batch.columns).sort(), batch.expired.map(({ field }) => field)]);
    }
    expect(seen).toEqual([
      [['kind', 'typed'], []],
      [['kind'], ['typed']],
    ]);
  });

  it('what streams stops there as well, from the entry on and not only once it is deleted', async () => {
    await vault.ingest('one', 's1', typedRecords(5, 'more', 10), { first: 10 });
    await keep(['typed', 30]);
    await vault.passDays(40);
    const grant = await vault.grant('one', ['typed', 'kind']);
    const { batches } = await vault.disclose(grant, 'one');
    const seen = [];
    for await (const batch of batches) {
      // The entry is committed, and nothing is deleted yet.
      if (seen.length === 0) await sweep(goneKeyholder()).catch(() => undefined);
      seen.push([Object.keys(batch.columns).sort(), batch.expired.map(({ field }) => field)]);
    }
    expect(seen).toEqual([
      [['kind', 'typed'], []],
      [['kind'], ['typed']],
    ]);
  });

  it('a session shows what of it is gone', async () => {
    const field = async (name: FieldName) => (await vault.show('one')).fields.find((one) => one.field === name);
    const before = await field('typed');
    await keep(['typed', 30]);
    await vault.passDays(40);
    const { expired } = await sweep();
    expect(await field('typed')).toEqual({
      ...before,
      bytes: 0,
      expired: { bytes: before?.bytes, position: expired[0]?.position },
    });
    expect(await field('url')).not.toHaveProperty('expired');
  });
});

describe('a partition', () => {
  const tables = async () =>
    (await vault.asIntruder('SELECT lower::int FROM log.body_partition ORDER BY lower')).rows.map(({ lower }) => lower);
  beforeEach(async () => {
    await vault.asIntruder(`DROP TABLE log.body_262144; ALTER TABLE log.body DETACH PARTITION log.body_0;
      ALTER TABLE log.body ATTACH PARTITION log.body_0 FOR VALUES FROM (0) TO (12)`);
    // An instance remembers which partitions there are.
    vault.log = await vault.openLog();
    await keep(...(Object.keys(whole) as FieldName[]).map((field): [FieldName, number] => [field, 30]));
  });

  it('is dropped once all of it is past its retention, and not before', async () => {
    await vault.passDays(20);
    for (let index = 0; index < 12; index += 1) await vault.ingest(`s-${index}`, 's1', typedRecords(1));
    const before = await tables();
    await vault.passDays(15);
    expect((await sweep()).deleted).toBe(5);
    expect(await tables()).toEqual(before);
    await vault.passDays(20);
    expect((await sweep()).deleted).toBe(36);
    expect((await tables()).length).toBeLessThan(before.length - 1);
    await green();
    await vault.ingest('again', 's1', typedRecords(2));
    await green();
  });

  it('is left for the next time while somebody reads for long', async () => {
    for (let index = 0; index < 4; index += 1) await vault.ingest(`s-${index}`, 's1', typedRecords(1));
    await vault.passDays(40);
    const reader = openPool(vault.database.superuserUrl, { connections: 1, name: 'reader' });
    const client = await reader.connect();
    await client.query('BEGIN; LOCK TABLE log.body IN ACCESS SHARE MODE');
    const before = await tables();
    expect((await sweep()).deleted).toBe(17);
    expect(await tables()).toEqual(before);
    await client.query('ROLLBACK');
    client.release();
    await reader.end();
    await sweep();
    expect((await tables()).length).toBeLessThan(before.length);
  });
});
