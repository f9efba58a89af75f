import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import { openPool } from './database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

describe('whoever rules the database', () => {
  const asOwner = async (sql: string) => {
    const pool = openPool(database.superuserUrl, { connections: 1, name: 'owner' });
    await pool.query(sql).finally(() => pool.end());
  };
  const read = async (sql: string) => {
    const pool = openPool(database.url('custos_reader'), { connections: 1, name: 'test' });
    return pool.query(sql).finally(() => pool.end());
  };

  it('hides no row from one reader, and shows it to another', async () => {
    await asOwner(`ALTER TABLE log.head ENABLE ROW LEVEL SECURITY;
      CREATE POLICY shown ON log.head TO custos_service USING (true)`);
    await expect(read('SELECT size FROM log.head')).rejects.toMatchObject({ code: '42501' });
  });

  it('gives no operator and no function another meaning', async () => {
    await asOwner(`CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
      CREATE FUNCTION evil.greater(bigint, integer) RETURNS boolean LANGUAGE sql AS 'SELECT false';
      CREATE OPERATOR evil.>= (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = evil.greater);
      ALTER DATABASE ${database.name} SET search_path = evil, pg_catalog`);
    const { rows } = await read('SELECT 2::bigint >= 1 AS larger');
    expect(rows).toEqual([{ larger: true }]);
  });
});
