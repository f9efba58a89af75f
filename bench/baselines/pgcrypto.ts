import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Module, Post, StreamableFile, type DynamicModule } from '@nestjs/common';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { openPool } from '../../src/log/database.js';
import { MayAsk } from '../../src/http/may-ask.js';
import type { TestDatabase } from '../../test/postgres/database.js';
import { withOwnTables } from '../with-own-tables.js';

const POOL = Symbol('pool');
const Body_ = z.strictObject({ session: z.string() });
type Pool = ReturnType<typeof openPool>;

/**
 * What anyone would build: a row a record, encrypted by pgcrypto with a key that the service has; whoever reads gets a row
 * in an audit table, committed before the answer.
 */
@Controller('plain')
class PlainController {
  constructor(@Inject(POOL) private readonly pool: Pool) {}

  @Post('readings')
  @HttpCode(200)
  @MayAsk('researcher')
  async read(@Body({ schema: Body_ }) { session }: z.infer<typeof Body_>): Promise<StreamableFile> {
    await this.pool.query({
      name: 'audit',
      text: 'INSERT INTO plain_audit (id, person, session, field) VALUES ($1, $2, $3, $4)',
      values: [randomUUID(), 'researcher', session, 'typed'],
    });
    const { rows } = await this.pool.query<{ sequence: number; typed: string }>({
      name: 'decrypt',
      text: `SELECT sequence, pgp_sym_decrypt(typed, $2) AS typed FROM plain_field WHERE session = $1 ORDER BY sequence`,
      values: [session, secret],
    });
    const lines = rows.map(({ sequence, typed }) => `${JSON.stringify({ sequence, fields: { typed: JSON.parse(typed) as unknown } })}\n`); // prettier-ignore
    return new StreamableFile(Readable.from(lines, { objectMode: false }), { type: 'application/x-ndjson' });
  }
}
const secret = 'the key of all fields, in the settings of the service';

@Module({})
export class PlainModule {
  static of(pool: Pool): DynamicModule {
    return { module: PlainModule, controllers: [PlainController], providers: [{ provide: POOL, useValue: pool }] };
  }
}

/** `values` of one session, encrypted by PostgreSQL. */
export async function plainFields(database: TestDatabase, sessions: ReadonlyMap<string, readonly unknown[]>) {
  const pool = withOwnTables(openPool(database.superuserUrl, { connections: 12, name: 'pgcrypto' }));
  await pool.query(`CREATE EXTENSION IF NOT EXISTS pgcrypto;
    CREATE TABLE plain_field (session text, sequence int, typed bytea, PRIMARY KEY (session, sequence));
    CREATE TABLE plain_audit (id uuid PRIMARY KEY, at timestamptz DEFAULT clock_timestamp(), person text, session text, field text)`);
  for (const [session, values] of sessions) {
    // Without the deliberate slowness that passwords need: the key is a key.
    await pool.query(
      `INSERT INTO plain_field SELECT $1, n - 1, pgp_sym_encrypt(value, $3, 's2k-mode=0')
       FROM unnest($2::text[]) WITH ORDINALITY v(value, n)`,
      [session, values.map((value) => JSON.stringify(value)), secret],
    );
  }
  return {
    module: PlainModule.of(pool),
    audited: async () => (await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM plain_audit')).rows[0]?.n,
    close: () => pool.end(),
  };
}
