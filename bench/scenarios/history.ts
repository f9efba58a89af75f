import { randomInt } from 'node:crypto';
import type pg from 'pg';
import { accessKey } from '../../src/access/access-state.js';
import { HistoryExposure, HistoryExposureHandler } from '../../src/history/history-exposure.js';
import { stateAt } from '../../src/history/moment.js';
import { Projector } from '../../src/history/projections/projector.js';
import { releases } from '../../src/history/projections/releases.js';
import { start } from '../../test/true-log.js';
import { governedLog, type GovernedLog, type GovernedShape } from '../governed-log.js';
import { median } from '../interleaved.js';
import { seconds } from '../long-log.js';
import { forgetPeak, memoryOf } from '../peak-memory.js';
import { scenario, type Bench } from '../scenario.js';

const moments = 40;
const timeOf = (position: number) => new Date(start + position).toISOString();

export default scenario<GovernedShape>({
  sentence:
    'How all stood at a moment, who could read and who did, and a projection made anew, against SQL on an audit table.',
  presets: {
    quick: { entries: 50_000, persons: 20, grantsAPerson: 5, blocks: 5 },
    full: { entries: 1_000_000, persons: 1_000, grantsAPerson: 5, blocks: 250 },
  },
  async run(bench, shape) {
    const governed = await governedLog(bench, shape);
    const audit = await governed.superuser.connect();
    try {
      await makeAuditTable(audit);
      await stateAtMoments(bench, governed, audit);
      await exposureOfAll(bench, governed, audit);
      await projectionAnew(bench, governed);
    } finally {
      audit.release();
      await governed.close();
    }
  },
});

/** What anybody would have: who, what, when, with the indexes that these questions take. */
async function makeAuditTable(client: pg.ClientBase): Promise<void> {
  await client.query(`CREATE TEMPORARY TABLE audit AS
    SELECT to_timestamp(at / 1000.0) AS at, subject, stream AS grant_id FROM log.entry WHERE type = 'disclosure.made'`);
  await client.query(
    'CREATE INDEX ON audit (at); CREATE INDEX ON audit (subject, at); CREATE INDEX ON audit (grant_id, at)',
  );
  await client.query('VACUUM ANALYZE audit');
}

async function stateAtMoments(
  bench: Bench,
  { log, grants, granted, releasesWithin }: GovernedLog,
  audit: pg.ClientBase,
): Promise<void> {
  const [ours, sql]: [number[], number[]] = [[], []];
  for (let asked = 0; asked < moments; asked += 1) {
    const at = timeOf(randomInt(granted, log.size - 1));
    const took = await seconds(async () => {
      const { state, position } = await stateAt(log, at);
      const access = state.of(accessKey);
      const spent = [...access.grants.values()].reduce((sum, one) => sum + 1_000 - one.disclosuresLeft, 0);
      bench.check('every grant was in force', access.grants.size === grants);
      bench.check('and as much of it spent as was released until then', spent === releasesWithin(position));
    });
    ours.push(1000 * took);
    sql.push(1000 * (await seconds(() => audit.query('SELECT grant_id, count(*) FROM audit WHERE at <= $1 GROUP BY grant_id', [at])))); // prettier-ignore
  }
  const against = { name: 'SQL: what was spent of each grant until then', value: median(sql) };
  bench.report({ measure: `state at a moment, median, ${log.size} entries`, value: median(ours), unit: 'ms', against });
  bench.report({ measure: `state at a moment, slowest of ${moments}`, value: Math.max(...ours), unit: 'ms' });
  const anew = await seconds(() => log.stateAnew(log.size));
  bench.report({ measure: `the same from the first entry on, ${log.size} entries`, value: 1000 * anew, unit: 'ms' });
}

async function exposureOfAll(bench: Bench, governed: GovernedLog, audit: pg.ClientBase): Promise<void> {
  const { log, pairs, persons, subjects } = governed;
  const handler = new HistoryExposureHandler(log);
  await forgetPeak(process.pid).catch(() => undefined);
  const before = await memoryOf(process.pid);
  const took = await seconds(async () => {
    const asked = new HistoryExposure({ from: 0, to: log.size }, {}, { after: 0, limit: 100 }, undefined);
    const { could, did } = (await handler.execute(asked)).summary;
    bench.check('whoever could is found', could.persons === persons && could.subjects === subjects);
    const released = did.delivered + did.unknown;
    bench.check(
      'whoever did is found, and nothing is not allowed',
      released === governed.releasesWithin(log.size) && did.notAllowed === 0,
    );
    bench.check('what nobody completed is unknown', did.unknown === governed.unknown);
  });
  const after = await memoryOf(process.pid);
  const sql = await seconds(() =>
    audit.query('SELECT grant_id, subject, count(*) FROM audit GROUP BY grant_id, subject'),
  );
  const against = { name: 'SQL: who did, and nothing of who could', value: sql };
  bench.report({ measure: `exposure, ${log.size} entries, ${pairs} pairs`, value: took, unit: 's', against });
  if (before === undefined || after === undefined) return;
  bench.report({ measure: 'exposure, memory above what the process held', value: after.peak - before.now, unit: 'MB' });
}

async function projectionAnew(bench: Bench, { log, pool, releasesWithin }: GovernedLog): Promise<void> {
  const projector = new Projector(log, pool, [releases], () => undefined);
  const took = await seconds(async () => {
    const { position, stopped } = await projector.rebuild(releases, { keep: true });
    bench.check('all of the log is folded', position === log.size && stopped === null);
  });
  const { differences } = await projector.rebuild(releases, { keep: false });
  const { rows } = await pool.query<{ count: number }>('SELECT count(*) FROM history.release');
  bench.check(
    'made once more it is the same, row by row',
    differences.length === 0 && rows[0]?.count === releasesWithin(log.size),
  );
  bench.report({ measure: `projection of releases made anew, ${log.size} entries`, value: took, unit: 's' });
}
