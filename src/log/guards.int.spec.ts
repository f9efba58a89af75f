import { readFile, writeFile } from 'node:fs/promises';
import { cloneDatabase } from '../../test/postgres/database.js';
import { openPool } from './database.js';
import { describeGuards, guardsFile } from './guards.js';

describe('the functions, triggers and rights that the migrations make', () => {
  it('are those in migrations/guards.txt (read the difference, then CUSTOS_WRITE_GUARDS=1 writes it)', async () => {
    const database = await cloneDatabase();
    const pool = openPool(database.superuserUrl, { connections: 1, name: 'test' });
    const text = `${(await describeGuards(pool)).join('\n')}\n`;
    await pool.end();
    await database.drop();
    if (process.env['CUSTOS_WRITE_GUARDS'] === '1') await writeFile(guardsFile, text);
    expect(text).toBe(await readFile(guardsFile, 'utf8'));
  });
});
