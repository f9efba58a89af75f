import type { Format, Json, MaskedRecord } from './format.js';
import { claudeLine } from './claude-code-layout.js';
import { partOf } from './keyed-parts.js';
import { hidden, maskRecords, messagePlaceholders, type Masking } from './masked-messages.js';
import { joinLayout, splitLayout } from './split-layout.js';
import { cutTimedLines, joinLines, timedLinesCutter } from './timed-lines.js';

/**
 * Sessions of Claude Code, one JSONL file each (`~/.claude/projects/…/SESSION.jsonl`). The layout is not documented
 * and changes between versions, so every line of a type that is not known is `other`.
 */
export const claudeCode: Format = {
  name: 'claude-code',
  recognise: ({ lines }) => lines.length > 0 && lines.every(isTyped) && lines.some(isOfASession),
  cut: (file, startedAt) => cutTimedLines(file, startedAt, isTyped),
  cutter: (startedAt) => timedLinesCutter(startedAt, isTyped),
  decompose: (data) => splitLayout(data, claudeLine),
  reassemble: joinLayout,
  mask: (records) => maskRecords(records, masking),
  assemble: joinLines,
};

const isTyped = (line: Json): boolean => typeof partOf(line, 'type') === 'string';
const isOfASession = (line: Json): boolean =>
  ['sessionId', 'parentUuid', 'leafUuid'].some((key) => partOf(line, key) !== undefined);

const noId = '00000000-0000-0000-0000-000000000000';

const envelope = ({ time }: MaskedRecord) => ({
  uuid: noId,
  parentUuid: null,
  sessionId: noId,
  timestamp: new Date(time).toISOString(),
  cwd: '/',
  version: '0.0.0',
});

const masking: Masking = {
  placeholders: (record) => ({
    ...messagePlaceholders,
    ...envelope(record),
    model: hidden,
    summary: hidden,
    lastPrompt: hidden,
    prompt: hidden,
    aiTitle: hidden,
  }),
  // Answers of tools come back in the name of the user.
  message: ({ role, content }, record): Json => {
    const type = role === 'assistant' ? role : 'user';
    return { type, ...envelope(record), isSidechain: false, message: { role: type, content } };
  },
};
