import { type agentnetSchemas, schemaOf, uptimeOf, whatLine } from './agentnet-lines.js';
import { maskedLine } from './agentnet-mask.js';
import type { Format, Json } from './format.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { joinNested, splitNested } from './nested-parts.js';
import { readText } from './read-recording.js';
import { listCutter } from './list-cutter.js';
import { readList, timed, writeList } from './record-list.js';
import { recordTime } from './record-time.js';

/** Input of a desktop by AgentNet: `events.jsonl`, `event_buffer.jsonl`, `top_window.jsonl`, `metadata.json`. */
export const agentnet: Format = {
  name: 'agentnet',

  recognise: ({ document, lines: [first] }) => [document, first].some(isKnown),

  cut: (file, startedAt) => timed(readList(readText(file), list), clockFrom(startedAt)),
  cutter: (startedAt) => listCutter(list, clockFrom(startedAt)),

  decompose(data) {
    const line = whatLine(data);
    if (line === undefined || !isObject(data)) return { other: { whole: data } };
    const parts = splitNested(data, schemaOf(line, data['action']));
    return line === 'input' ? parts : { ...parts, kind: { ...parts['kind'], line } };
  },

  reassemble(parts) {
    const whole = partOf(parts.other, 'whole');
    if (whole !== undefined) return whole;
    const line = (partOf(parts.kind, 'line') ?? 'input') as keyof typeof agentnetSchemas;
    return joinNested(parts, schemaOf(line, partOf(parts.kind, 'action')));
  },

  mask: (records) => records.map((record) => maskedLine(record, records[0]?.time ?? 0)),

  assemble: (records) => writeList(records, 'lines'),
};

const isKnown = (line: Json | undefined): boolean => whatLine(line) !== undefined;
const list = { usual: 'lines', isKnown, isRecord: isObject } as const;

/** The machine's uptime, counted from the first line that tells it; a line that does not is as late as the one before. */
function clockFrom(startedAt: number): (line: Json) => number {
  let first: number | undefined;
  let uptime = 0;
  return (line) => {
    uptime = uptimeOf(line) ?? uptime;
    first ??= uptimeOf(line);
    return recordTime(startedAt + (first === undefined ? 0 : uptime - first) * 1000);
  };
}
