import { connect } from 'node:net';
import pg from 'pg';
import { isAway } from './database.js';

const databaseError = (code: string) => Object.assign(new pg.DatabaseError('x', 1, 'error'), { code });
const coded = (code: string) => Object.assign(new Error('x'), { code });

describe('a database is away', () => {
  it.each<[what: string, error: unknown, away: boolean]>([
    ['it shuts down', databaseError('57P01'), true],
    ['it starts', databaseError('57P03'), true],
    ['the connection is gone', databaseError('08006'), true],
    ['pg says so', new Error('Connection terminated unexpectedly'), true],
    ['no connection could be had', new Error('timeout exceeded when trying to connect'), true],
    ['one that connects waits in vain', new Error('timeout expired'), true],
    ['no answer comes', new Error('Query read timeout'), true],
    ['it went between two queries', new Error('Client has encountered a connection error and is not queryable'), true],
    ['it went before a query', new Error('Client was closed and is not queryable'), true],
    ['its name cannot be looked up', coded('EAI_AGAIN'), true],
    ['a statement failed', databaseError('23505'), false],
    ['a file of ours cannot be read', coded('EACCES'), false],
    ['a fault of ours', new TypeError('Connection is not a function'), false],
    ['no error at all', undefined, false],
  ])('where %s: %#', (_what, error, away) => {
    expect(isAway(error)).toBe(away);
  });

  it('where nobody listens', async () => {
    const error = await new Promise((resolve) => connect(1, '127.0.0.1').on('error', resolve));
    expect(isAway(error)).toBe(true);
  });
});
