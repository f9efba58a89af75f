import { performance } from 'node:perf_hooks';
import { AppModule } from '../../src/app.module.js';
import { Projector } from '../../src/history/projections/projector.js';
import { openPool } from '../../src/log/database.js';
import type { GrantId } from '../../src/log/ids.js';
import { parseVerifierKey } from '../../src/merkle/note.js';
import { origin, researcher, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { plainFields } from '../baselines/pgcrypto.js';
import { closedLoop, type Load } from '../closed-loop.js';
import { interleaved, median } from '../interleaved.js';
import { countVerified } from '../receipts.js';
import { ownKeyholder } from '../own-keyholder.js';
import { scenario, type Bench } from '../scenario.js';
import { serve } from '../served.js';

interface Preset {
  readonly seconds: number;
  readonly rounds: number;
  readonly callers: readonly number[];
  /** Of the session that is read as one stream. */
  readonly streamed: number;
}

/** Of the session that everybody reads: a minute or two of somebody who types. */
const recordsOfASession = 100;
const recordsAPost = 5000;
/** What a private field's grant may have at most. */
const disclosuresOfAGrant = 500;

export default scenario<Preset>({
  sentence:
    'One field of one session read over HTTP, decided, logged durably and verified before a byte leaves, against pgcrypto and an audit row.',
  presets: {
    quick: { seconds: 1, rounds: 1, callers: [1, 64], streamed: 20_000 },
    full: { seconds: 3, rounds: 3, callers: [1, 16, 64, 256], streamed: 200_000 },
  },
  async run(bench, preset) {
    const ours = await custos(preset);
    const plain = await pgcrypto(bench, ours, preset);
    try {
      for (const callers of preset.callers) {
        const { custos, pgcrypto } = await interleaved(preset.rounds, {
          custos: () => ours.disclosures(bench, callers, preset.seconds),
          pgcrypto: () => plain.readings(bench, callers, preset.seconds),
        });
        report(bench, `disclosures, ${callers} callers`, custos, pgcrypto);
      }
      const { apart, together } = await interleaved(
        preset.rounds,
        {
          apart: () => ours.disclosures(bench, 64, preset.seconds, 'apart'),
          together: () => ours.disclosures(bench, 64, preset.seconds),
        },
        { warmUp: 1 },
      );
      report(bench, 'disclosures, 64 callers, keyholder in a process of its own', apart, together, 'one process');
      const streams = await interleaved(preset.rounds, {
        custos: () => ours.stream(bench, preset.streamed),
        pgcrypto: () => plain.stream(bench, preset.streamed),
      });
      const against = { name: 'pgcrypto + audit row', value: median(streams.pgcrypto) };
      bench.report({ measure: 'one field streamed', value: median(streams.custos), unit: 'records/s', against });
      bench.check('the log verifies', (await ours.verify()).ok);
    } finally {
      await plain.close();
      await ours.close();
    }
  },
});

function report(
  bench: Bench,
  measure: string,
  ours: readonly Load[],
  plain: readonly Load[],
  name = 'pgcrypto + audit row',
): void {
  const of = (loads: readonly Load[], what: 'perSecond' | 'p50Ms' | 'p99Ms') => median(loads.map((load) => load[what]));
  const against = (what: Parameters<typeof of>[1]) => ({ name, value: of(plain, what) });
  bench.report({ measure, value: of(ours, 'perSecond'), unit: 'requests/s', against: against('perSecond') });
  bench.report({ measure: `${measure}, p50`, value: of(ours, 'p50Ms'), unit: 'ms', against: against('p50Ms') });
  bench.report({ measure: `${measure}, p99`, value: of(ours, 'p99Ms'), unit: 'ms', against: against('p99Ms') });
}

/** Service and keyholder in one process, or in two, as in production. */
type Shape = 'together' | 'apart';
type Custos = Awaited<ReturnType<typeof custos>>;

async function custos({ streamed }: Preset) {
  const vault = await VaultInProcess.start({ connections: 12 });
  const { log, keyholder, trust, issuer } = vault;
  const projecting = openPool(vault.database.url('custos_service'), { connections: 1, name: 'bench' });
  const projector = new Projector(log, projecting, [], () => undefined);
  const app = await serve(AppModule.of({ log, keyholder, trust, projector }), issuer);
  const own = await ownKeyholder(vault);
  const appApart = await serve(AppModule.of({ log, keyholder: own.keyholder, trust, projector }), issuer);
  const token = await issuer.tokenOf(researcher, 'researcher');
  await vault.ingest('short', 's1', typedRecords(recordsOfASession));
  const ingester = vault.ingester();
  for (let first = 0; first < streamed; first += recordsAPost) {
    const records = typedRecords(Math.min(recordsAPost, streamed - first), 'typed', first);
    await vault.ingest('long', 's2', records, { first, with: ingester });
  }
  const whole = { to: Date.UTC(2100, 0, 1), records: Math.min(1_000_000, 5 * streamed), disclosures: 10 };
  const long = await vault.grant('long', ['typed'], whole);
  const small = { records: recordsOfASession * disclosuresOfAGrant, disclosures: disclosuresOfAGrant };
  const grants: { grant: GrantId; left: number }[] = [];
  let grantsWaited: Promise<unknown> = Promise.resolve();
  const refill = () =>
    (grantsWaited = grantsWaited.then(async () => {
      grants.push({ grant: await vault.grant('short', ['typed'], small), left: disclosuresOfAGrant });
    }));
  const grant = async (): Promise<GrantId> => {
    for (;;) {
      const one = grants[0];
      if (one === undefined) await refill();
      else if (one.left > 0) {
        one.left -= 1;
        return one.grant;
      } else grants.shift();
    }
  };
  const read = async (of: GrantId, session: string, onBytes?: (bytes: Buffer) => void, at = app) =>
    at.post(`/v1/grants/${of}/disclosures`, token, { session }, onBytes);

  return {
    issuer,
    token,
    async disclosures(bench: Bench, callers: number, seconds: number, keyholder: Shape = 'together'): Promise<Load> {
      while (grants.reduce((sum, { left }) => sum + left, 0) < seconds * 6000) await refill();
      const before = await vault.log.reader.head();
      const receipts: string[] = [];
      let whole = 0;
      const load = await closedLoop({ writers: callers, seconds }, async () => {
        const { status, text } = await read(await grant(), 'short', undefined, keyholder === 'apart' ? appApart : app);
        const lines = text.split('\n');
        if (status === 200 && lines.at(-2) === `{"kind":"end","records":${recordsOfASession}}`) whole += 1;
        receipts.push((JSON.parse(lines[0] as string) as { receipt: string }).receipt);
      });
      bench.say(
        `custos, ${callers} callers, keyholder ${keyholder}: ${Math.round(load.perSecond)}/s, p99 ${load.p99Ms.toFixed(1)} ms`,
      );
      bench.check('every answer came to its end with all its records', whole === load.operations);
      const verified = countVerified(receipts, origin, [parseVerifierKey(trust.log)]);
      bench.check('every answer began with a receipt that verifies', verified === load.operations);
      bench.check('the log has an entry, and its completion, for each', (await vault.log.reader.head()).size - before.size >= 2 * load.operations); // prettier-ignore
      return load;
    },
    async stream(bench: Bench, records: number): Promise<number> {
      let tail = '';
      const began = performance.now();
      const { status } = await read(long, 'long', (bytes) => (tail = (tail + bytes.toString('latin1')).slice(-100))); // prettier-ignore
      const seconds = (performance.now() - began) / 1000;
      bench.check('the stream came to its end with all its records', status === 200 && tail.endsWith(`{"kind":"end","records":${records}}\n`)); // prettier-ignore
      return records / seconds;
    },
    verify: () => vault.verify(),
    async close() {
      await appApart.close();
      await own.close();
      await app.close();
      await projecting.end();
      await vault.stop();
    },
  };
}

async function pgcrypto(bench: Bench, { issuer, token }: Custos, { streamed }: Preset) {
  const values = (count: number) => typedRecords(count).map(({ data }) => ({ source: 5, text: data.data.text, id: 7 }));
  const sessions = new Map([
    ['short', values(recordsOfASession)],
    ['long', values(streamed)],
  ]);
  const fields = await plainFields(await bench.database(), sessions);
  const app = await serve(fields.module, issuer);
  return {
    async readings(bench: Bench, callers: number, seconds: number): Promise<Load> {
      const before = await fields.audited();
      let whole = 0;
      const load = await closedLoop({ writers: callers, seconds }, async () => {
        const { status, text } = await app.post('/plain/readings', token, { session: 'short' });
        if (status === 200 && text.split('\n').length === recordsOfASession + 1) whole += 1;
      });
      bench.say(`pgcrypto, ${callers} callers: ${Math.round(load.perSecond)}/s, p99 ${load.p99Ms.toFixed(1)} ms`);
      bench.check('every plain answer has all its records', whole === load.operations);
      bench.check(
        'every plain answer was audited',
        Number(await fields.audited()) - Number(before) === load.operations,
      );
      return load;
    },
    async stream(bench: Bench, records: number): Promise<number> {
      let lines = 0;
      const began = performance.now();
      const { status } = await app.post('/plain/readings', token, { session: 'long' }, (bytes) => {
        for (const byte of bytes) if (byte === 10) lines += 1;
      });
      const seconds = (performance.now() - began) / 1000;
      bench.check('the plain stream has all its records', status === 200 && lines === records);
      return records / seconds;
    },
    async close() {
      await app.close();
      await fields.close();
    },
  };
}
