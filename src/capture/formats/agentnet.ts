import { type agentnetSchemas, schemaOf, uptimeOf, whatLine } from './agentnet-lines.js';
import { maskedLine } from './agentnet-mask.js';
import type { CutRecord, Format, Json } from './format.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { joinNested, splitNested } from './nested-parts.js';
import { readText } from './read-recording.js';
import { readList, writeList } from './record-list.js';

/** Input of a desktop by AgentNet: `events.jsonl`, `event_buffer.jsonl`, `top_window.jsonl`, `metadata.json`. */
export const agentnet: Format = {
  name: 'agentnet',

  recognise: ({ document, lines: [first] }) => [document, first].some(isKnown),

  cut(file, startedAt) {
    const records = readList(readText(file), 'lines', isKnown, isObject);
    const first = records.map(uptimeOf).find((told) => told !== undefined) ?? 0;
    let uptime = first;
    return records.map((data): CutRecord => {
      uptime = uptimeOf(data) ?? uptime;
      return { time: Math.max(0, Math.floor(startedAt + (uptime - first) * 1000)), data };
    });
  },

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
