import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { madeDesktops } from './made-recordings.spec.js';
import { logs, newerTrace, olderTrace, otlpOf } from './sample-traces.spec.js';
import { claudeSession, codexFlatSession, codexSession } from './sample-transcripts.spec.js';

export const examples: readonly [file: string, format: string][] = [
  ['examples/sign-up.rrweb.json', 'rrweb'],
  ['examples/shell.cast', 'asciicast'],
  ['examples/assistant.messages.json', 'messages'],
  ['examples/desk.webm', 'video'],
];
const traces = ['langgraph-js-2025-10-30', 'claude-agent-2025-12-22', 'microsoft-agent-2025-12-17'].map(
  (name) => `otlp-genai/${name}.trace.json`,
);
/** Of others; tests that need them skip where they are absent. */
export const shared: readonly [file: string, format: string][] = [
  ['rrweb/rrweb-player-demo-2018.json', 'rrweb'],
  ['rrweb/posthog-hogflix-2021.json', 'rrweb'],
  ['rrweb/posthog-homepage.json', 'rrweb'],
  ['rrweb/tracelane-playwright-checkout-2026.json', 'rrweb'],
  ['asciicast/asciinema-welcome.v1.json', 'asciicast'],
  ['asciicast/asciinema-welcome.v2.cast', 'asciicast'],
  ['asciicast/asciinema-server-full.v3.cast', 'asciicast'],
  ['asciicast/kwok-pod-priority-and-preemption.v2.cast', 'asciicast'],
  ['asciicast/kwok-scale-using-hpa.v2.cast', 'asciicast'],
  ['asciicast/tcut-typed-input.v2.cast', 'asciicast'],
  ['transcripts/swe-agent-gpt4-pydicom.traj.json', 'swe-agent'],
  ['transcripts/swe-agent-marshmallow-toolcalls.traj.json', 'swe-agent'],
  ...traces.map((file): [string, string] => [file, 'otlp']),
  ['agentnet/events.jsonl', 'agentnet'],
  ['agentnet/event_buffer.jsonl', 'agentnet'],
  ['agentnet/top_window.jsonl', 'agentnet'],
  ['agentnet/metadata.json', 'agentnet'],
];
const made: readonly [file: string, format: string, bytes: Uint8Array][] = [
  ['a session of Claude Code, made', 'claude-code', claudeSession],
  ['a session of Codex, made', 'codex', codexSession],
  ['a session of Codex in its older layout, made', 'codex', codexFlatSession],
  ['a trace with messages as attributes, made', 'otlp', newerTrace],
  ['lines of traces with messages as events and in keys, made', 'otlp', olderTrace],
  ['logs, made', 'otlp', logs],
  ...madeDesktops,
];
export const sharedFolder = join(process.cwd(), '../shared/data');
export const real = [
  ...examples.map(([file, format]) => ({ file, format, path: join(process.cwd(), file) })),
  ...shared.map(([file, format]) => ({ file, format, path: join(sharedFolder, file) })),
]
  .filter(({ path }) => existsSync(path))
  .map(({ path, ...recording }) => ({ ...recording, bytes: () => new Uint8Array(readFileSync(path)) }));
const asOtlp = real
  .filter(({ file }) => traces.includes(file))
  .map(({ file, format, bytes }) => ({ file: `${file} as OTLP`, format, bytes: () => otlpOf(bytes()) }));
/** Every recording that the formats are tested with. */
export const recordings = [
  ...real,
  ...asOtlp,
  ...made.map(([file, format, bytes]) => ({ file, format, bytes: () => bytes })),
];
