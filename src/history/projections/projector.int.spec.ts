import type pg from 'pg';
import { freshCommand, researcher, typedRecords, VaultInProcess } from '../../../test/vault-in-process.js';
import { ListReleases, ListReleasesHandler } from '../list-releases.js';
import { openPool } from '../../log/database.js';
import type { Draft } from '../../log/draft.js';
import type { EntryType } from '../../log/entries.js';
import { fieldNames } from '../../log/fields.js';
import { decodeHeader } from '../../log/header.js';
import { writeCommand } from '../../log/write-command.js';
import type { AnyProjection } from './projection.js';
import { Projector } from './projector.js';
import { releases } from './releases.js';

let vault: VaultInProcess;
let pool: pg.Pool;
let projectors: Projector[];

beforeEach(async () => {
  vault = await VaultInProcess.start();
  pool = openPool(vault.database.url('custos_service'), { connections: 4, name: 'projector' });
  projectors = [];
  await vault.ingest('one', 's1', typedRecords(10));
  await vault.ingest('two', 's2', typedRecords(4));
});
afterEach(async () => {
  for (const one of projectors) await one.close();
  await pool.end();
  await vault.stop();
});

const failures: { projection: string; error: unknown }[] = [];
const open = (...projections: AnyProjection[]) => {
  const projector = new Projector(vault.log, pool, projections, (projection, error) =>
    failures.push({ projection, error }),
  );
  projectors.push(projector);
  return projector;
};
const listed = (projector: Projector, filter = {}, window: { before?: number; limit: number } = { limit: 100 }) =>
  new ListReleasesHandler(projector).execute(new ListReleases(filter, window));
async function until<T>(look: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look();
    if (holds(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const statusOf = async (projector: Projector) => (await projector.status())[0];
const caughtUp = (projector: Projector) =>
  until(
    () => statusOf(projector),
    (status) => status?.position === vault.log.size && status.stopped === null,
  );
/** As whoever stole the service writes it. */
const forge = (type: EntryType, data: object) =>
  vault.log.append(writeCommand(freshCommand(), researcher, data), () => ({
    entries: [{ type, stream: 'x', data } as Draft],
    answer: null,
  }));
const readTwice = async () => {
  const grant = await vault.grant('one', ['typed']);
  await vault.read(grant, 'one');
  await vault.read(await vault.grant('two', ['time']), 'two');
  return grant;
};

describe('the projection of releases', () => {
  it('follows the log, on two instances that share the work, and equals one made anew, row by row', async () => {
    const [first, second] = [open(releases), open(releases)];
    first.start();
    second.start();
    const grant = await readTwice();
    await caughtUp(first);
    const { releases: found, position, stopped, next } = await listed(second);
    expect([position, stopped, next]).toEqual([vault.log.size, null, null]);
    expect(found).toMatchObject([
      { session: 'two', subject: 's2', fields: ['time'], records: 4, outcome: 'delivered' },
      { session: 'one', subject: 's1', request: grant, fields: ['typed'], records: 10, outcome: 'delivered' },
    ]);
    expect((await listed(second, { subject: 's2' })).releases).toHaveLength(1);
    expect((await listed(second, { unknown: true })).releases).toEqual([]);
    const page = await listed(second, {}, { limit: 1 });
    expect((await listed(second, {}, { limit: 1, before: page.next ?? 0 })).releases).toMatchObject([
      { session: 'one' },
    ]);
    expect(await first.rebuild(releases, { keep: false })).toEqual({
      projection: 'releases',
      position: vault.log.size,
      stopped: null,
      differences: [],
    });
  });

  it('says which rows are not those of the log, and has them again once it was made anew', async () => {
    const projector = open(releases);
    projector.start();
    await readTwice();
    await caughtUp(projector);
    const [last, first] = (await listed(projector)).releases.map(({ position }) => position);
    await pool.query('UPDATE history.release SET person = $1 WHERE position = $2', ['nobody', first]);
    await pool.query('DELETE FROM history.release WHERE position = $1', [last]);
    const checked = await projector.rebuild(releases, { keep: false });
    expect(checked.differences).toEqual([first, last]);
    expect((await listed(projector)).releases).toMatchObject([{ person: 'nobody' }]);
    expect((await projector.rebuild(releases, { keep: true })).differences).toEqual([first, last]);
    expect((await listed(projector)).releases).toHaveLength(2);
    // And goes on from there.
    await vault.read(await vault.grant('one', ['time']), 'one');
    await caughtUp(projector);
    expect((await listed(projector)).releases).toHaveLength(3);
    expect((await projector.rebuild(releases, { keep: false })).differences).toEqual([]);
    const { rows } = await pool.query('SELECT DISTINCT build FROM history.release');
    expect(rows).toHaveLength(1);
  });

  it('stands still at an entry that it cannot fold, beside others that go on, until a program that can', async () => {
    await readTwice();
    const poisoned: AnyProjection = {
      ...releases,
      changes(entry) {
        if (entry.type === 'disclosure.completed') throw new Error('unknown to this version');
        return releases.changes(entry);
      },
    };
    const stopped = open(poisoned);
    stopped.start();
    const status = await until(
      () => statusOf(stopped),
      (one) => one?.stopped === 'entry_not_folded',
    );
    const [completed] = await vault.log.reader.headers(status?.position ?? 0, 1);
    expect(decodeHeader(completed?.header ?? new Uint8Array()).type).toBe('disclosure.completed');
    expect((await listed(stopped)).releases).toMatchObject([{ session: 'one', outcome: 'unknown' }]);
    await stopped.close();
    const mended = open(releases);
    mended.start();
    await caughtUp(mended);
    expect((await listed(mended)).releases).toMatchObject([{ outcome: 'delivered' }, { outcome: 'delivered' }]);
    expect((await mended.rebuild(releases, { keep: false })).differences).toEqual([]);
  });

  it('goes past what no honest service writes, with a row for each release', async () => {
    const projector = open(releases);
    projector.start();
    await readTwice();
    const forged = { grant: 'own', session: 'one', fields: ['typed'], versions: 1, records: 1 };
    const sayings = [{ fields: 'typed' }, { records: 2.5 }, { session: null }, { grant: 'a\0b' }];
    for (const said of sayings) await forge('disclosure.made', { ...forged, ...said });
    // Ends of a release that is not there yet, of none, and of one that was there, with what is no outcome.
    for (const said of [
      { disclosure: vault.log.size + 3 },
      { disclosure: 'x' },
      { disclosure: vault.log.size - 1, outcome: 'x' },
    ])
      // prettier-ignore
      await forge('disclosure.completed', { records: 1, outcome: 'failed', ...said });
    await forge('disclosure.made', forged);
    await caughtUp(projector);
    const found = (await listed(projector, { unknown: true })).releases;
    expect(found.map(({ session, fields, records }) => [session, fields.length, records])).toEqual([
      ['one', 1, 1],
      ...[['one', 1, 1], ['', 1, 1], ['one', 1, 0], ['one', fieldNames.length, 1]], // prettier-ignore
    ]);
    expect((await projector.rebuild(releases, { keep: false })).differences).toEqual([]);
  });

  it('tells of what failed, and begins anew', async () => {
    await readTwice();
    const failure = new Error('the table is locked');
    let fails = true;
    const projector = open({
      ...releases,
      write: (...args) => (fails ? Promise.reject(failure) : releases.write(...args)),
    } as AnyProjection);
    projector.start();
    await until(
      () => Promise.resolve(failures),
      (told) => told.some(({ error }) => error === failure),
    );
    expect(failures).toContainEqual({ projection: 'releases', error: failure });
    fails = false;
    await caughtUp(projector);
    expect((await listed(projector)).releases).toHaveLength(2);
  });

  it('is made anew where the program has another version of it', async () => {
    const projector = open(releases);
    projector.start();
    await readTwice();
    await caughtUp(projector);
    await projector.close();
    const next: AnyProjection = {
      ...releases,
      version: releases.version + 1,
      changes: (entry) =>
        releases.changes(entry).map((one) => (one.kind === 'made' ? { ...one, person: 'hidden' } : one)),
    };
    const newer = open(next);
    newer.start();
    await until(
      () => listed(newer),
      ({ releases: found }) => found.length === 2 && found.every(({ person }) => person === 'hidden'),
    );
    await caughtUp(newer);
  });
});
