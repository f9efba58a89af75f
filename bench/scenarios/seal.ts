import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../src/capture/formats/format.js';
import { catalogueVersion, fieldNames, type FieldName } from '../../src/log/fields.js';
import { randomNonce, seal } from '../../src/sealing/aead.js';
import { sealColumn } from '../../src/sealing/column.js';
import { openColumn } from '../../src/sealing/open-column.js';
import { columnKey, generateSessionKey } from '../../src/sealing/session-key.js';
import { sodiumReady } from '../../src/sealing/sodium.js';
import { interleaved, median } from '../interleaved.js';
import { recordings, repeated, type Recording } from '../recordings.js';
import { scenario, type Bench } from '../scenario.js';

interface Preset {
  readonly rounds: number;
  readonly milliseconds: number;
  readonly batches: readonly number[];
}
type Column = readonly (Json | undefined)[];

export default scenario<Preset>({
  sentence: 'Columns sealed and opened alone, by batch size and field, against libsodium over the same sealed bytes.',
  presets: {
    quick: { rounds: 2, milliseconds: 50, batches: [16, 512] },
    full: { rounds: 7, milliseconds: 300, batches: [1, 16, 128, 512] },
  },
  async run(bench, preset) {
    await sodiumReady();
    for (const recording of recordings()) {
      for (const count of preset.batches) {
        for (const [field, values] of columnsOf(recording, count)) await compare(bench, preset, { recording, field, values }); // prettier-ignore
      }
    }
  },
});

function columnsOf(recording: Recording, count: number): [FieldName, Column][] {
  const parts = repeated(recording, count).map(({ data }) => recording.format.decompose(data));
  return fieldNames
    .map((field): [FieldName, Column] => [field, parts.map((part) => part[field])])
    .filter(([, values]) => values.some((value) => value !== undefined));
}

async function compare(
  bench: Bench,
  { rounds, milliseconds }: Preset,
  { recording, field, values }: { recording: Recording; field: FieldName; values: Column },
): Promise<void> {
  const key = columnKey(generateSessionKey(), field);
  const count = values.length;
  const entry = new Uint8Array(randomBytes(16));
  const binding = { origin: 'bench', session: 'bench', entry, field, count, catalogue: catalogueVersion };
  const sealed = sealColumn(key, binding, values);
  const opened = openColumn(key, binding, sealed);
  bench.check('a column opens to what was sealed', opened.kind === 'opened' && isDeepStrictEqual(opened.values, values)); // prettier-ignore
  const elsewhere = openColumn(key, { ...binding, session: 'other' }, sealed);
  bench.check('a column does not open in another place', elsewhere.kind === 'tampered');
  const plain = new Uint8Array(randomBytes(sealed.length));
  const speeds = await interleaved(rounds, {
    seal: async () => timesASecond(milliseconds, () => sealColumn(key, binding, values)),
    open: async () => timesASecond(milliseconds, () => openColumn(key, binding, sealed)),
    bare: async () => timesASecond(milliseconds, () => seal(key, { nonce: randomNonce(), boundTo: entry }, plain)),
  });
  const against = { name: 'libsodium alone', value: median(speeds.bare) * count };
  for (const what of ['seal', 'open'] as const) {
    const measure = `${recording.name}, ${field}, batch of ${count}, ${what}`;
    bench.report({ measure, value: median(speeds[what]) * count, unit: 'records/s', against });
  }
}

function timesASecond(milliseconds: number, run: () => unknown): number {
  const began = performance.now();
  let times = 0;
  do {
    run();
    times += 1;
  } while (performance.now() - began < milliseconds);
  return (times * 1000) / (performance.now() - began);
}
