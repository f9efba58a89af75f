import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentnet } from '../src/capture/formats/agentnet.js';
import type { CutRecord, Format } from '../src/capture/formats/format.js';
import { rrweb } from '../src/capture/formats/rrweb.js';

export interface Recording {
  readonly name: string;
  readonly format: Format;
  readonly records: readonly CutRecord[];
}

const startedAt = Date.UTC(2026, 5, 1);
const root = join(import.meta.dirname, '..');

/** Recordings of others are measured where they are; the ones that the project made are always here. */
export function recordings(): readonly Recording[] {
  const real = join(root, '../shared/data/agentnet/events.jsonl');
  const desktop = existsSync(real)
    ? { name: 'desktop input (AgentNet)', records: agentnet.cut(readFileSync(real), startedAt) }
    : { name: 'desktop input (generated)', records: desktopInput(4000) };
  const page = readFileSync(join(root, 'examples/sign-up.rrweb.json'));
  return [
    { ...desktop, format: agentnet },
    { name: 'rrweb (sign-up)', format: rrweb, records: rrweb.cut(page, startedAt) },
  ];
}

/** As many records as asked for: the recording, over and over. */
export const repeated = ({ records }: Recording, count: number): CutRecord[] =>
  Array.from({ length: count }, (_, index) => records[index % records.length] as CutRecord);

/** As AgentNet records it: moves at the pace of the mouse, a click and a few keys now and then. The same each time. */
export function desktopInput(count: number): CutRecord[] {
  let state = 42;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  let [x, y, uptime] = [960, 540, 30_679.8];
  return Array.from({ length: count }, (_, index): CutRecord => {
    uptime += 0.008 + random(1000) / 1e7;
    x = Math.min(1919, Math.max(0, x + random(41) - 20));
    y = Math.min(1079, Math.max(0, y + random(41) - 20));
    const time = Math.floor(startedAt + (uptime - 30_679.8) * 1000);
    const time_stamp = Number(uptime.toFixed(7));
    const what = random(100);
    if (what < 94) return { time, data: { time_stamp, action: 'move', x, y, event_idx: index } };
    if (what < 97) {
      const pressed = what === 94;
      return { time, data: { time_stamp, action: 'click', x, y, button: 'left', pressed, event_idx: index } };
    }
    const name = String.fromCharCode(97 + random(26));
    return { time, data: { time_stamp, action: 'press', name, pynput_key: `'${name}'`, event_idx: index } };
  });
}
