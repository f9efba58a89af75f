import { randomBytes } from 'node:crypto';
import { CarelessServer } from '../../test/postgres/careless-server.js';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import { openPool } from './database.js';
import type { Part } from './guards.js';
import { requireSafeDatabase } from './start-checks.js';
import { upcasters, type Upcasters } from './upcasters.js';

/** What a start on this address comes to: `undefined` where it goes well. */
async function starting(url: string, part: Part = 'custos_service') {
  const pool = openPool(url, { connections: 1, name: 'test' });
  try {
    return await requireSafeDatabase(pool, part).then(
      () => undefined,
      ({ code, members }) => ({ code, setting: members.setting }),
    );
  } finally {
    await pool.end();
  }
}

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

async function asSuperuser(...statements: readonly string[]): Promise<void> {
  const pool = openPool(database.superuserUrl, { connections: 1, name: 'owner' });
  try {
    for (const statement of statements) await pool.query(statement);
  } finally {
    await pool.end();
  }
}

/** Undoes what the superuser did, so that each case starts from what the migrations left. */
async function during<T>(done: string, undone: string, look: () => Promise<T>): Promise<T> {
  await asSuperuser(done);
  try {
    return await look();
  } finally {
    await asSuperuser(undone);
  }
}

describe('no part starts', () => {
  describe('on a server', () => {
    let server: CarelessServer;
    beforeAll(async () => {
      server = await CarelessServer.make();
    });
    afterEach(() => server.stop());
    afterAll(() => server.remove());

    it.each(['fsync', 'full_page_writes', 'synchronous_commit'])('with %s off', async (setting) => {
      const careless = await server.start({ [setting]: 'off' });
      expect(await starting(careless)).toEqual({ code: 'database_not_durable', setting });
    });

    it('that is a standby, which answers every read and takes no write', async () => {
      const standby = await server.start({}, 'standby');
      expect(await starting(standby)).toEqual({ code: 'database_read_only', setting: 'pg_is_in_recovery' });
    });

    it('unless it writes durably, and by itself', async () => {
      expect(await starting(await server.start({}))).toBeUndefined();
    });
  });

  it('of a program that cannot lift what older ones wrote', async () => {
    const chain = upcasters as Record<number, Upcasters>;
    const [first] = Object.entries(chain);
    delete chain[1];
    try {
      for (const part of ['custos_service', 'custos_keyholder'] as const)
        expect(await starting(database.url(part), part)).toEqual({ code: 'upcaster_missing', setting: undefined });
    } finally {
      chain[1] = first![1];
    }
    expect(await starting(database.url('custos_service'))).toBeUndefined();
  });

  it('in sessions that are read-only, or that triggers do not fire in', async () => {
    const as = (options: string, url: string) => {
      const withOptions = new URL(url);
      withOptions.searchParams.set('options', options);
      return withOptions.href;
    };
    expect(await starting(as('-c default_transaction_read_only=on', database.url('custos_service')))).toEqual({
      code: 'database_read_only',
      setting: 'default_transaction_read_only',
    });
    const login = await temporaryRole('');
    await asSuperuser(`GRANT SET ON PARAMETER session_replication_role TO ${login.name}`);
    const asReplica = as('-c session_replication_role=replica', login.url);
    expect(await starting(asReplica)).toEqual({ code: 'guards_changed', setting: 'session_replication_role' });
    expect(await starting(login.url)).toEqual({ code: 'role_too_powerful', setting: 'SET session_replication_role' });
    await login.drop();
  });
});

/** A login that plays the service's part, with something more. Roles are shared by the whole server. */
async function temporaryRole(attributes: string, member = 'custos_service') {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await asSuperuser(`CREATE ROLE ${name} LOGIN PASSWORD '${password}' ${attributes} IN ROLE ${member}`);
  const url = new URL(database.url('custos_service'));
  url.username = name;
  url.password = password;
  return { name, url: url.href, drop: () => asSuperuser(`DROP OWNED BY ${name}`, `DROP ROLE ${name}`) };
}

describe('the service does not start', () => {
  it('as the superuser, by SET ROLE to its own role or not', async () => {
    const tooPowerful = { code: 'role_too_powerful', setting: 'SUPERUSER' };
    expect(await starting(database.superuserUrl)).toEqual(tooPowerful);
    const lesser = new URL(database.superuserUrl);
    lesser.searchParams.set('options', '-c role=custos_service');
    expect(await starting(lesser.href)).toEqual(tooPowerful);
  });

  it.each([
    ['SUPERUSER', 'custos_service', 'SUPERUSER'],
    ['CREATEROLE', 'custos_service', 'CREATEROLE'],
    ['CREATEDB', 'custos_service', 'CREATEDB'],
    ['REPLICATION', 'custos_service', 'REPLICATION'],
    ['BYPASSRLS', 'custos_service', 'BYPASSRLS'],
    ['', 'custos_service, custos_owner', 'MEMBER of custos_owner'],
    ['NOINHERIT', 'custos_service, custos_owner', 'MEMBER of custos_owner'],
    ['', 'custos_service, custos_keyholder', 'MEMBER of custos_keyholder'],
    ['', 'custos_service, pg_write_all_data', 'MEMBER of pg_write_all_data'],
    ['', 'custos_service, pg_write_server_files', 'MEMBER of pg_write_server_files'],
  ])('as a login with “%s” in %s', async (attributes, roles, setting) => {
    const login = await temporaryRole(attributes, roles);
    expect(await starting(login.url)).toEqual({ code: 'role_too_powerful', setting });
    await login.drop();
  });

  it('as a role that owns a table, through nothing but the ownership', async () => {
    const login = await temporaryRole('');
    await asSuperuser(`ALTER TABLE log.tile OWNER TO ${login.name}`);
    expect(await starting(login.url)).toEqual({ code: 'role_too_powerful', setting: 'OWNER of log.tile' });
    await asSuperuser('ALTER TABLE log.tile OWNER TO custos_owner');
    await login.drop();
  });

  const service = (to: string) => [`GRANT ${to} TO custos_service`, `REVOKE ${to} FROM custos_service`] as const;
  const anyone = (to: string) => [`GRANT ${to} TO PUBLIC`, `REVOKE ${to} FROM PUBLIC`] as const;
  it.each([
    ['UPDATE on log.entry', ...service('UPDATE ON log.entry')],
    ['UPDATE on log.entry', ...service('UPDATE (subject) ON log.entry')],
    ['UPDATE on log.head', ...service('UPDATE (checkpoint) ON log.head')],
    ['DELETE on log.body', ...anyone('DELETE ON log.body')],
    ['TRUNCATE on log.entry', ...service('TRUNCATE ON log.entry')],
    ['TRIGGER on log.entry', ...service('TRIGGER ON log.entry')],
    ['REFERENCES on log.entry', ...service('REFERENCES (position) ON log.entry')],
    ['INSERT on log.checkpoint', ...service('INSERT ON log.checkpoint')],
    ['DELETE on log.body', ...service('DELETE ON log.body_0')],
    ['UPDATE on public.custos_migration', ...anyone('UPDATE ON public.custos_migration')],
    ['SELECT on keys.subject_key', ...service('SELECT (wrapped) ON keys.subject_key')],
    ['CREATE on schema log', ...service('CREATE ON SCHEMA log')],
    ['USAGE on schema keys', ...anyone('USAGE ON SCHEMA keys')],
  ])('with %s: %s', async (setting, granted, revoked) => {
    const found = await during(granted, revoked, () => starting(database.url('custos_service')));
    expect(found).toEqual({ code: 'role_too_powerful', setting });
  });

  it('where it may create schemas, or call a function that runs as somebody else', async () => {
    const create = `CREATE ON DATABASE ${database.name}`;
    expect(await during(...service(create), () => starting(database.url('custos_service')))).toEqual({
      code: 'role_too_powerful',
      setting: 'CREATE in the database',
    });
    const made = `CREATE FUNCTION public.forget() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM log.entry'`;
    const look = () => starting(database.url('custos_service'));
    expect(await during(made, 'DROP FUNCTION public.forget()', look)).toEqual({
      code: 'role_too_powerful',
      setting: 'EXECUTE on public.forget()',
    });
  });

  it.each([
    ['trigger append_only on log.entry', 'ALTER TABLE log.entry DISABLE TRIGGER append_only', 'ALTER TABLE log.entry ENABLE TRIGGER append_only'],
    ['trigger append_only on log.tile', 'ALTER TABLE log.tile ENABLE REPLICA TRIGGER append_only', 'ALTER TABLE log.tile ENABLE TRIGGER append_only'],
    ['trigger guard_head on log.head', 'DROP TRIGGER guard_head ON log.head', 'CREATE TRIGGER guard_head BEFORE UPDATE ON log.head FOR EACH ROW EXECUTE FUNCTION log.guard_head()'],
    ['constraint entry_leaf_check on log.entry', 'ALTER TABLE log.entry DROP CONSTRAINT entry_leaf_check', 'ALTER TABLE log.entry ADD CONSTRAINT entry_leaf_check CHECK (length(leaf) = 32)'],
    ['constraint tile_root_check on log.tile', 'ALTER TABLE log.tile DROP CONSTRAINT tile_root_check, ADD CONSTRAINT tile_root_check CHECK (length(root) = 32) NOT VALID', 'ALTER TABLE log.tile VALIDATE CONSTRAINT tile_root_check'],
    ['index log.command_pkey', 'ALTER TABLE log.command DROP CONSTRAINT command_pkey', 'ALTER TABLE log.command ADD CONSTRAINT command_pkey PRIMARY KEY (actor, command)'],
    ['index log.entry_stream_version_key', 'ALTER TABLE log.entry DROP CONSTRAINT entry_stream_version_key; CREATE INDEX entry_stream_version_key ON log.entry (stream, version)', 'DROP INDEX log.entry_stream_version_key; ALTER TABLE log.entry ADD CONSTRAINT entry_stream_version_key UNIQUE (stream, version)'],
    ['index log.command_first', ...told('indisready')],
    ['index keys.subject_key_pkey', ...told('indisunique', 'keys.subject_key_pkey')],
    ['function log.refuse_change()', `CREATE OR REPLACE FUNCTION log.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`, undefined],
  ])('without %s', async (setting, done, undone) => {
    const look = () => starting(database.url('custos_service'));
    const found = await during(done, undone ?? (await definitionOf('log.refuse_change')), look);
    expect(found).toEqual({ code: 'guards_changed', setting });
  }); // prettier-ignore

  it.each([
    ['table log.command', 'without a write-ahead log: a crash empties it', 'ALTER TABLE log.command SET UNLOGGED', 'ALTER TABLE log.command SET LOGGED'],
    ['table log.entry', 'row by row shown or not', `ALTER TABLE log.entry ENABLE ROW LEVEL SECURITY; CREATE POLICY hidden ON log.entry USING (position > 0)`, 'DROP POLICY hidden ON log.entry; ALTER TABLE log.entry DISABLE ROW LEVEL SECURITY'],
    ['table keys.subject_key', 'and DELETE turned into nothing', 'CREATE RULE kept AS ON DELETE TO keys.subject_key DO INSTEAD NOTHING', 'DROP RULE kept ON keys.subject_key'],
    ['table log.entry', 'with the rows of another one in it', 'CREATE TABLE public.more () INHERITS (log.entry)', 'DROP TABLE public.more'],
    ['table log.entry', 'where two names are one', `CREATE COLLATION public.either (provider = icu, locale = 'und-u-ks-level2', deterministic = false); ALTER TABLE log.entry ALTER stream TYPE text COLLATE public.either`, 'ALTER TABLE log.entry ALTER stream TYPE text COLLATE "default"; DROP COLLATION public.either'],
    ['trigger seen on keys.subject_key', 'and a trigger that is none of ours', `CREATE FUNCTION public.seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER seen AFTER DELETE ON keys.subject_key FOR EACH ROW EXECUTE FUNCTION public.seen()`, 'DROP TRIGGER seen ON keys.subject_key; DROP FUNCTION public.seen()'],
    ['index log.another', 'and an index that is none of ours', `CREATE INDEX another ON log.command ((actor || ''), (command || ''))`, 'DROP INDEX log.another'],
    ['function log.jsonb_agg(jsonb)', 'beside a function that a call of ours now finds', `CREATE FUNCTION log.jsonb_agg(jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb'`, 'DROP FUNCTION log.jsonb_agg(jsonb)'],
    ['view log.body_partition', 'that is told of other partitions', `CREATE OR REPLACE VIEW log.body_partition AS SELECT 'log.body_0'::regclass AS name, 0::bigint AS lower, 1::bigint AS upper`, undefined],
    ['partitions of log.body', 'one of which lets go of its rows', 'ALTER TABLE log.body_0 DISABLE TRIGGER append_only', 'ALTER TABLE log.body_0 ENABLE TRIGGER append_only'],
    ['partitions of log.body', 'one of which may be emptied', 'DROP TRIGGER no_truncate ON log.body_0', 'CREATE TRIGGER no_truncate BEFORE TRUNCATE ON log.body_0 FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change()'],
    ['partitions of log.body', 'one of which a crash empties', 'ALTER TABLE log.body_0 SET UNLOGGED', 'ALTER TABLE log.body_0 SET LOGGED'],
    ['partitions of log.body', 'one of which is somewhere else', 'CREATE TABLE public.far (LIKE log.body_0 INCLUDING ALL); ALTER TABLE log.body ATTACH PARTITION public.far FOR VALUES FROM (900000000) TO (900000001)', 'DROP TABLE public.far'],
  ])('with %s %s', async (setting, _what, done, undone) => {
    const look = () => starting(database.url('custos_service'));
    const found = await during(done, undone ?? (await partitionView()), look);
    expect(found).toEqual({ code: 'guards_changed', setting });
    expect(await look()).toBeUndefined();
  }); // prettier-ignore

  it('where names were given another meaning, so that what is gone looks as if it were there', async () => {
    const blind = `CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
      CREATE VIEW evil.pg_trigger AS SELECT oid, tgrelid, tgparentid, tgname, tgisinternal, 'O'::"char" AS tgenabled FROM pg_trigger;
      GRANT SELECT ON evil.pg_trigger TO PUBLIC; ALTER DATABASE ${database.name} SET search_path = evil, pg_catalog;
      ALTER TABLE log.entry DISABLE TRIGGER append_only`;
    const undone = `ALTER TABLE log.entry ENABLE TRIGGER append_only; ALTER DATABASE ${database.name} RESET search_path; DROP SCHEMA evil CASCADE`;
    const found = await during(blind, undone, () => starting(database.url('custos_service')));
    expect(found).toEqual({ code: 'guards_changed', setting: 'trigger append_only on log.entry' });
  });

  it('where a function of ours runs as another owner, or looks names up elsewhere', async () => {
    const name = 'log.take_head(text[], text[])';
    const settings = (to: string) => `ALTER FUNCTION ${name} SET search_path = ${to}`;
    const look = () => starting(database.url('custos_service'));
    const changed = { code: 'guards_changed', setting: `function ${name}` };
    expect(await during(settings('public, log'), settings('log, pg_temp'), look)).toEqual(changed);
    const owner = (to: string) => `ALTER FUNCTION ${name} OWNER TO ${to}`;
    expect(await during(owner('postgres'), owner('custos_owner'), look)).toEqual(changed);
  });
});

/** An index of which the catalogue says something else, as its owner can have it. */
function told(flag: string, index = 'log.command_first'): readonly [done: string, undone: string] {
  const say = (value: boolean) => `UPDATE pg_index SET ${flag} = ${value} WHERE indexrelid = '${index}'::regclass`;
  return [say(false), say(true)];
}

async function partitionView(): Promise<string> {
  const pool = openPool(database.superuserUrl, { connections: 1, name: 'owner' });
  const { rows } = await pool.query<{ text: string }>(`SELECT pg_get_viewdef('log.body_partition'::regclass) AS text`);
  await pool.end();
  return `CREATE OR REPLACE VIEW log.body_partition AS ${rows[0]?.text}`;
}

async function definitionOf(name: string): Promise<string> {
  const pool = openPool(database.superuserUrl, { connections: 1, name: 'owner' });
  const { rows } = await pool.query<{ text: string }>('SELECT pg_get_functiondef($1::regproc) AS text', [name]);
  await pool.end();
  return rows[0]?.text as string;
}

describe('the keyholder does not start', () => {
  it('as the service, which can write the log', async () => {
    expect(await starting(database.url('custos_service'), 'custos_keyholder')).toEqual({
      code: 'role_too_powerful',
      setting: expect.stringMatching(/^INSERT on log\./),
    });
  });

  it.each([
    ['INSERT on log.entry', 'INSERT ON log.entry'],
    ['UPDATE on keys.opened', 'UPDATE ON keys.opened'],
    ['UPDATE on keys.subject_key', 'UPDATE (wrapped) ON keys.subject_key'],
    ['EXECUTE on log.lock_head()', 'EXECUTE ON FUNCTION log.lock_head()'],
  ])('with %s', async (setting, right) => {
    const [granted, revoked] = [`GRANT ${right} TO custos_keyholder`, `REVOKE ${right} FROM custos_keyholder`];
    const look = () => starting(database.url('custos_keyholder'), 'custos_keyholder');
    expect(await during(granted, revoked, look)).toEqual({ code: 'role_too_powerful', setting });
  });
});

describe('each part starts', () => {
  it.each(['custos_service', 'custos_keyholder', 'custos_reader'] as const)('as %s', async (part) => {
    expect(await starting(database.url(part), part)).toBeUndefined();
  });

  it('as a login of its own that is a member of its role alone', async () => {
    const login = await temporaryRole('');
    expect(await starting(login.url)).toBeUndefined();
    await login.drop();
  });
});

describe('the owner of the tables, tired or hurried, cannot', () => {
  it.each([
    ['put the head back', 'UPDATE log.head SET size = size - 1'],
    ['leave the head where it is with another checkpoint', "UPDATE log.head SET checkpoint = 'x'"],
    ['turn the clock back', 'UPDATE log.head SET size = size + 1, at = at - 1'],
    ['remove the head', 'DELETE FROM log.head'],
    ['empty it', 'TRUNCATE log.head'],
    ['make a second one', "INSERT INTO log.head VALUES (false, 0, 0, '', '')"],
    ['open a disclosure twice', 'DELETE FROM keys.opened'],
    ['exchange a key', "UPDATE keys.subject_key SET wrapped = ''"],
  ])('%s', async (_what, sql) => {
    const pool = openPool(database.superuserUrl, { connections: 1, name: 'owner' });
    try {
      await pool.query('SET ROLE custos_owner');
      await expect(pool.query(sql)).rejects.toMatchObject({ code: 'CU003' });
    } finally {
      await pool.end();
    }
  });

  it('nor can the superuser move it by hand, forward', async () => {
    await expect(asSuperuser('UPDATE log.head SET size = size + 1')).rejects.toMatchObject({ code: 'CU003' });
  });
});
