import { saidIn } from './genai-layout.js';
import { partOf } from './keyed-parts.js';
import { allTo, told, whole, word, type Layout } from './layout.js';
import type { Keys } from './message-layout.js';
import { amount, anything, count } from './shapes.js';
import { dateText } from './timed-lines.js';

/** Traces as Langfuse exports them, which takes them in by OTLP: spans are observations, with input and output. */
export const observationsDocument: Keys = {
  observations: { each: whole('other', anything) },
  // It has every observation again, without input and output, and what it all began and ended with.
  trace: whole('other', anything),
};

const durations = (value: Parameters<typeof amount>[0]) => value === null || amount(value);
const counts = ['input', 'output', 'total', 'input_cache_read', 'input_audio', 'output_audio', 'output_reasoning'];

const observationOf = (isTool: boolean): Layout => ({
  keys: {
    type: word(
      ...['SPAN', 'GENERATION', 'EVENT', 'AGENT', 'TOOL', 'CHAIN', 'RETRIEVER', 'EVALUATOR', 'EMBEDDING', 'GUARDRAIL'],
    ),
    level: word('DEBUG', 'DEFAULT', 'WARNING', 'ERROR'),
    ...allTo('time', dateText, 'startTime', 'endTime', 'createdAt', 'updatedAt', 'completionStartTime'),
    ...allTo('time', durations, 'latency', 'timeToFirstToken'),
    ...allTo('kind', count, 'inputUsage', 'outputUsage', 'totalUsage'),
    usageDetails: { keys: Object.fromEntries(counts.map((name) => [name, told(count)])) },
    input: saidIn(isTool ? 'tool.input' : 'prompt'),
    output: saidIn(isTool ? 'tool.output' : 'response'),
    ...allTo('tool.input', anything, 'toolCalls', 'toolCallNames'),
    ...allTo('other', anything, 'id', 'traceId', 'parentObservationId', 'projectId', 'name', 'model', 'metadata'),
  },
});
const [ofTool, ofModel] = [observationOf(true), observationOf(false)];
export const observation: Layout = { choose: (value) => (partOf(value, 'type') === 'TOOL' ? ofTool : ofModel) };
