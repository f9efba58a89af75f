import { Problem } from '../../problem.js';
import { activitywatch } from './activitywatch.js';
import { agentnet } from './agentnet.js';
import { asciicast } from './asciicast.js';
import { claudeCode } from './claude-code.js';
import { cloudEvents } from './cloudevents.js';
import { codex } from './codex.js';
import type { Format } from './format.js';
import { messages } from './messages.js';
import { mouseCsv } from './mouse-csv.js';
import { otlp } from './otlp.js';
import { rrweb } from './rrweb.js';
import { sweAgent } from './swe-agent.js';
import { video } from './video.js';

const bare = {
  rrweb,
  asciicast,
  messages,
  'swe-agent': sweAgent,
  'claude-code': claudeCode,
  codex,
  otlp,
  agentnet,
  'mouse-csv': mouseCsv,
  activitywatch,
  video,
} as const satisfies Record<string, Format>;

/** Every capture format, by the name that sources and `custos ingest --format` use. */
export const formats = { ...bare, cloudevents: cloudEvents(bare) } as const satisfies Record<string, Format>;
export type FormatName = keyof typeof formats;
export const formatNames = Object.keys(formats) as FormatName[];

/** @throws Problem format_unknown */
export function formatOf(name: string): Format {
  if (!Object.hasOwn(formats, name)) throw new Problem('format_unknown');
  return formats[name as FormatName];
}
