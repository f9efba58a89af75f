import type { Json } from './format.js';

/**
 * Traces and logs in OTLP/JSON as the conventions for generative AI describe them, newer (1.37 on: messages as
 * attributes) and older (messages as events), and as Traceloop and OpenInference lay them out. Made for the tests:
 * the traces of others that are at hand are Langfuse's exports, not OTLP; `otlpOf` puts those back into OTLP.
 */
const encode = (value: Json): Uint8Array => Buffer.from(JSON.stringify(value));

/** JSON in OTLP's form. */
function any(value: Json): Json {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map((one: Json) => any(one)) } };
  return { kvlistValue: { values: attributes((value ?? {}) as { readonly [key: string]: Json }) } };
}
const attributes = (all: { readonly [key: string]: Json }): Json =>
  Object.entries(all).map(([key, value]) => ({ key, value: any(value) }));

const start = 1_767_603_600_000;
const at = (second: number, nanoseconds = 0) => `${start + second * 1000}${String(nanoseconds).padStart(6, '0')}`;
const span = (index: number, name: string, all: { readonly [key: string]: Json }, besides: object = {}): Json =>
  ({
    traceId: '5b8efff798038103d269b633813fc60c',
    spanId: `eee19b7ec3c1b17${index}`,
    ...(index > 0 ? { parentSpanId: 'eee19b7ec3c1b170' } : {}),
    flags: 1,
    name,
    kind: 3,
    startTimeUnixNano: at(index, 123_456),
    endTimeUnixNano: at(index + 1, 654_321),
    attributes: attributes(all),
    status: {},
    ...besides,
  }) as Json;
const event = (second: number, name: string, all: { readonly [key: string]: Json }): Json => ({
  timeUnixNano: at(second, 5),
  name,
  attributes: attributes(all),
});
const resource: Json = {
  attributes: [
    ...(attributes({ 'service.name': 'ledger assistant', 'host.name': 'annas-laptop' }) as readonly Json[]),
    { key: 'process.owner', value: { bytesValue: 'YW5uYQ==' } },
  ],
  droppedAttributesCount: 1,
};
const python = (value: Json) => JSON.stringify(value).replaceAll('":', '": ').replaceAll(',"', ', "');

const asked = [
  { role: 'system', parts: [{ type: 'text', content: 'You keep the ledger.' }] },
  { role: 'user', parts: [{ type: 'text', content: 'Was heißt "Saldo"?' }] },
  { role: 'assistant', parts: [{ type: 'tool_call', id: 'call_1', name: 'look_up', arguments: { word: 'Saldo' } }] },
  { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_1', response: 'the difference of both sides' }] },
];
const answered = [
  {
    role: 'assistant',
    parts: [
      { type: 'reasoning', content: 'The table has it.' },
      { type: 'text', content: 'It is the balance.' },
    ],
    finish_reason: 'stop',
  },
];

export const newerTrace = encode({
  resourceSpans: [
    {
      resource,
      scopeSpans: [
        {
          scope: { name: 'opentelemetry.instrumentation.openai', version: '2.1', attributes: [] },
          spans: [
            span(0, 'invoke_agent clerk', {
              'gen_ai.operation.name': 'invoke_agent',
              'gen_ai.provider.name': 'openai',
              'gen_ai.agent.name': 'clerk of the ledger',
              'gen_ai.system_instructions': python([{ type: 'text', content: 'Answer in one line.' }]),
            }),
            span(1, 'chat gpt-5', {
              'gen_ai.operation.name': 'chat',
              'gen_ai.request.model': 'gpt-5-mini-of-ours',
              'gen_ai.request.temperature': 0.25,
              'gen_ai.response.finish_reasons': ['stop'],
              'gen_ai.usage.input_tokens': 77,
              'gen_ai.usage.output_tokens': 12,
              'gen_ai.input.messages': python(asked as Json),
              'gen_ai.output.messages': JSON.stringify(answered),
              'gen_ai.tool.definitions': JSON.stringify([{ type: 'function', name: 'look_up_definition' }]),
            }),
            span(2, 'execute_tool look_up', {
              'gen_ai.operation.name': 'execute_tool',
              'gen_ai.tool.name': 'look_up_in_the_table',
              'gen_ai.tool.type': 'function',
              'gen_ai.tool.call.id': 'call_1',
              'gen_ai.tool.call.arguments': '{"word":"Saldo of the year"}',
              'gen_ai.tool.call.result': 'a difference, as the tool says',
            }),
          ],
        },
        {
          scope: { name: 'structured' },
          spans: [
            span(3, 'chat', { 'gen_ai.input.messages': asked as Json, 'gen_ai.output.messages': answered as Json }),
          ],
          schemaUrl: 'https://opentelemetry.io/schemas/1.37.0',
        },
      ],
    },
    { resource: { attributes: [] }, scopeSpans: [{ scope: { name: 'empty' }, spans: [] }] },
  ],
});

export const olderTrace = Buffer.from(
  [
    {
      resourceSpans: [
        {
          resource,
          scopeSpans: [
            {
              scope: { name: 'events' },
              spans: [
                span(
                  0,
                  'chat',
                  { 'gen_ai.system': 'anthropic', 'gen_ai.operation.name': 'chat' },
                  {
                    events: [
                      event(0, 'gen_ai.system.message', { content: 'You keep the ledger.' }),
                      event(1, 'gen_ai.user.message', { 'gen_ai.event.content': '{"content":"What is a Saldo?"}' }),
                      event(2, 'gen_ai.assistant.message', { tool_calls: '[{"function":{"name":"look_up"}}]' }),
                      event(3, 'gen_ai.tool.message', { content: 'the difference of both sides', id: 'call_1' }),
                      event(4, 'gen_ai.choice', {
                        index: 0,
                        finish_reason: 'stop',
                        message: '{"role":"assistant","content":"It is the balance."}',
                      }),
                      event(5, 'gen_ai.content.prompt', { 'gen_ai.prompt': '[{"role":"user","content":"And Soll?"}]' }),
                      event(6, 'gen_ai.content.completion', { 'gen_ai.completion': 'The debit side.' }),
                      event(7, 'exception', { 'exception.message': 'the model went away', 'exception.type': 'E' }),
                      event(8, 'a private event', { anything: 'whatever it holds' }),
                    ],
                    status: { code: 2, message: 'the model went away' },
                    links: [{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }],
                  },
                ),
                span(1, 'empty events', {}, { events: [] }),
              ],
            },
          ],
        },
      ],
    },
    {
      resourceSpans: [
        {
          resource,
          scopeSpans: [
            {
              scope: { name: 'keys' },
              spans: [
                span(2, 'openai.chat', {
                  'llm.request.type': 'chat',
                  'gen_ai.prompt.0.role': 'user',
                  'gen_ai.prompt.0.content': 'What is a Saldo, in keys?',
                  'gen_ai.prompt.1.role': 'tool',
                  'gen_ai.prompt.1.content': 'the difference, in keys',
                  'gen_ai.completion.0.role': 'assistant',
                  'gen_ai.completion.0.content': 'The balance, in keys.',
                  'gen_ai.completion.0.finish_reason': 'stop',
                  'gen_ai.completion.0.tool_calls.0.name': 'look_up_in_keys',
                  'gen_ai.completion.0.tool_calls.0.arguments': '{"word":"Haben"}',
                  'llm.usage.total_tokens': 89,
                  'traceloop.association.properties.user_id': 'anna of accounting',
                }),
                span(3, 'ChatOpenAI', {
                  'openinference.span.kind': 'LLM',
                  'input.value': '{"messages":[{"role":"user","content":"In a text of JSON?"}]}',
                  'input.mime_type': 'application/json',
                  'llm.input_messages.0.message.role': 'system',
                  'llm.input_messages.0.message.content': 'You keep books.',
                  'llm.output_messages.0.message.tool_calls.0.tool_call.function.name': 'look_it_up',
                  'llm.token_count.prompt': 12,
                  'output.value': 'A plain text of an answer.',
                }),
                span(4, 'look_up', {
                  'openinference.span.kind': 'TOOL',
                  'input.value': '{"word":"asked of a tool"}',
                  'output.value': 'said by a tool',
                }),
              ],
            },
          ],
        },
      ],
    },
  ]
    .map((document) => JSON.stringify(document))
    .join('\n'),
);

const log = (second: number, name: string, body: Json, all: { readonly [key: string]: Json } = {}): Json => ({
  timeUnixNano: at(second),
  observedTimeUnixNano: at(second, 9),
  severityNumber: 9,
  severityText: 'INFO',
  eventName: name,
  body: any(body),
  attributes: attributes({ 'gen_ai.system': 'openai', ...all }),
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
});

export const logs = encode({
  resourceLogs: [
    {
      resource,
      scopeLogs: [
        {
          scope: { name: 'logs' },
          logRecords: [
            log(0, 'gen_ai.user.message', { content: 'What is a Saldo?' }),
            log(1, 'gen_ai.assistant.message', {
              tool_calls: [
                { id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{"word":"x"}' } },
              ],
            }),
            log(2, 'gen_ai.tool.message', { id: 'call_1', content: 'the difference of both sides' }),
            log(3, 'gen_ai.choice', {
              index: 0,
              finish_reason: 'stop',
              message: { role: 'assistant', content: 'It is the balance.' },
            }),
            log(4, 'gen_ai.client.inference.operation.details', null, { 'gen_ai.input.messages': asked as Json }),
            log(5, 'an event of another library', 'with a text of its own'),
          ],
        },
      ],
    },
  ],
});

/** An export of Langfuse, as OTLP: what it calls an observation was a span with these attributes. */
export function otlpOf(trace: Uint8Array): Uint8Array {
  const { observations } = JSON.parse(Buffer.from(trace).toString('utf8')) as {
    observations: { readonly [key: string]: string }[];
  };
  const spans = observations.map(({ traceId, id, name, startTime, endTime, input, output, metadata }) => {
    const told = (JSON.parse(metadata ?? '{}') as { attributes?: { readonly [key: string]: Json } }).attributes;
    return {
      traceId,
      spanId: id,
      name,
      startTimeUnixNano: `${Date.parse(startTime as string)}000000`,
      endTimeUnixNano: `${Date.parse(endTime as string)}000000`,
      attributes: attributes({ ...told, 'input.value': input ?? '', 'output.value': output ?? '' }),
    };
  });
  return encode({ resourceSpans: [{ resource: {}, scopeSpans: [{ scope: {}, spans }] }] } as unknown as Json);
}
