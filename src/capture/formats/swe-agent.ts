import { Problem } from '../../problem.js';
import type { Format, Json } from './format.js';
import { cutLists, isFrame, joinLists, valueAt } from './frames.js';
import { isObject } from './json-tree.js';
import { allTo, told, whole, word, type Layout } from './layout.js';
import { contentOf, messageLayout } from './message-layout.js';
import { hidden, beginDocument, maskRecords, messagePlaceholders, type Masking } from './masked-messages.js';
import { parseDocument, readText } from './read-recording.js';
import { amount, flag, listOrNull, text, textOrNull, anything } from './shapes.js';
import { joinLayout, splitLayout } from './split-layout.js';

/**
 * Trajectories of SWE-agent (`*.traj`, sweagent/types.py): the steps that it took, and the history of messages that
 * a model saw. Most of the content stands in both.
 */
export const sweAgent: Format = {
  name: 'swe-agent',

  recognise: ({ document = null }) => isObject(valueAt(document, ['trajectory', 0])),

  cut(file, startedAt) {
    const document = parseDocument(readText(file));
    const paths = lists.filter((key) => Array.isArray(valueAt(document, [key])));
    if (!paths.includes('trajectory')) throw new Problem('recording_malformed');
    const records = cutLists(
      document,
      paths.map((key) => [key]),
    );
    if (records.every(isFrame)) throw new Problem('recording_empty');
    // By the place in its own list: a step and a message may be the same one.
    for (const key of paths) {
      const wrong = (valueAt(document, [key]) as readonly Json[]).findIndex((one) => !isObject(one) || isFrame(one));
      if (wrong >= 0) throw new Problem('recording_malformed', { index: wrong });
    }
    return records.map((data, index) => ({ time: startedAt + index, data }));
  },

  decompose: (data) => splitLayout(data, recordLayout),
  reassemble: joinLayout,

  mask: (records) =>
    beginDocument(maskRecords(records, masking), { frame: ['history'], of: { trajectory: [], history: [], info: {} } }),

  assemble(records) {
    const { documents, loose } = joinLists(records);
    return Buffer.from(JSON.stringify(documents[0] ?? { trajectory: loose }));
  },
};

const lists = ['trajectory', 'history'];

const historyKeys = {
  message_type: word('system_prompt', 'demonstration', 'thought', 'action', 'observation', 'user', 'assistant'),
  is_demo: told(flag),
  thought: whole('reasoning', textOrNull),
  action: whole('tool.input', textOrNull),
  tool_call_ids: whole('tool.output', listOrNull),
};
const historyItem = messageLayout(() => historyKeys);
const queried: Layout = { choose: (value) => (Array.isArray(value) ? { each: historyItem } : contentOf('prompt')) };

const step: Layout = {
  keys: {
    action: whole('tool.input', textOrNull),
    observation: whole('tool.output', textOrNull),
    // What a tool says about the environment after each step: a text of JSON at first, later an object.
    state: whole('tool.output', anything),
    execution_time: whole('time', amount),
    response: contentOf('response'),
    output: contentOf('response'),
    thought: whole('reasoning', textOrNull),
    thinking_blocks: whole('reasoning', listOrNull),
    query: queried,
    messages: queried,
  },
};

const statistics = ['total_cost', 'instance_cost', 'tokens_sent', 'tokens_received', 'api_calls'];
const document: Layout = {
  keys: {
    trajectory: { each: step },
    history: { each: historyItem },
    info: {
      keys: {
        exit_status: word('submitted', 'early_exit', 'skipped', ...exitReasons()),
        submission: whole('response', textOrNull),
        ...allTo('tool.output', text, 'edited_files30', 'edited_files50', 'edited_files70'),
        model_stats: { keys: Object.fromEntries(statistics.map((name) => [name, told(amount)])) },
      },
    },
    problem_statement: whole('prompt', anything),
  },
};
function exitReasons(): string[] {
  const reasons = [
    'cost',
    'context',
    'format',
    'api',
    'command_timeout',
    'total_execution_time',
    'environment_error',
    'error',
  ];
  return reasons.flatMap((reason) => [`exit_${reason}`, `submitted (exit_${reason})`]);
}

const frame: Layout = { keys: { frame: { each: word(...lists) }, of: document } };

/** A message has a role, a step has none. */
const recordLayout: Layout = {
  choose: (value) => {
    if (isFrame(value)) return frame;
    return isObject(value) && Object.hasOwn(value, 'role') ? historyItem : step;
  },
};

const placeholders = {
  ...messagePlaceholders,
  action: hidden,
  observation: hidden,
  response: hidden,
  thought: hidden,
  state: {},
  execution_time: 0,
} as const;
const masking: Masking = { placeholders: () => placeholders, message: (told) => ({ ...told }) };
