/**
 * Reads each format just far enough to say which text stands in which field. On purpose apart from
 * src/capture: these readers judge the recordings, and the product's tests judge the product.
 * Each returns { records, texts: { field: [text of one record, …] }, problems }.
 */

const rrwebType = { fullSnapshot: 2, incremental: 3, meta: 4 };
const rrwebSource = { mutation: 0, mouseMove: 1, scroll: 3, input: 5 };

export function readRrweb(text) {
  const events = JSON.parse(text);
  const inputs = events.filter((event) => isIncremental(event, rrwebSource.input)).map(({ data }) => data.text ?? '');
  const mutations = events.filter((event) => isIncremental(event, rrwebSource.mutation)).map(({ data }) => data);
  const snapshots = events.filter((event) => event.type === rrwebType.fullSnapshot).map(({ data }) => data.node);
  const trees = [...snapshots, ...mutations.flatMap(({ adds }) => adds.map(({ node }) => node))];
  const nodes = trees.flatMap(withDescendants);
  const metas = events.filter((event) => event.type === rrwebType.meta).map(({ data }) => data.href);
  const screenText = [
    ...nodes.map((node) => node.textContent ?? ''),
    ...mutations.flatMap((data) => data.texts.map(({ value }) => value ?? '')),
  ];
  const attributes = [
    ...nodes.map((node) => JSON.stringify(node.attributes ?? {})),
    ...mutations.flatMap((data) => data.attributes.map((one) => JSON.stringify(one.attributes))),
  ];
  const steps = inputs.filter((value, index) => index > 0 && value.length === inputs[index - 1].length + 1);
  return {
    records: events.length,
    texts: { typed: inputs, 'screen.text': screenText, url: metas, screen: attributes },
    problems: [
      ...(metas.length === 1 ? [] : [`${metas.length} meta events`]),
      ...(snapshots.length === 1 ? [] : [`${snapshots.length} full snapshots`]),
      ...(steps.length >= 100 ? [] : [`${steps.length} inputs one letter longer than the last`]),
      ...(events.some((event) => isIncremental(event, rrwebSource.scroll)) ? [] : ['no scrolling']),
      ...(events.some((event) => isIncremental(event, rrwebSource.mouseMove)) ? [] : ['no mouse']),
    ],
  };
}

const isIncremental = (event, source) => event.type === rrwebType.incremental && event.data.source === source;
const withDescendants = (node) => [node, ...(node.childNodes ?? []).flatMap(withDescendants)];

export function readAsciicast(text) {
  const [header, ...events] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const ofCode = (code) => events.filter((event) => event[1] === code).map((event) => event[2]);
  return {
    records: events.length,
    texts: { typed: ofCode('i'), 'screen.text': ofCode('o'), window: [JSON.stringify(header)] },
    problems: [
      ...(header.version === 2 ? [] : [`version ${header.version}`]),
      ...(ofCode('i').filter((keys) => keys.length === 1).length >= 100 ? [] : ['not typed letter by letter']),
    ],
  };
}

export function readMessages(text) {
  const { messages } = JSON.parse(text);
  const of = (role) => messages.filter((message) => message.role === role);
  const contents = (role) => of(role).map((message) => message.content ?? '');
  const calls = of('assistant').flatMap((message) => message.tool_calls ?? []);
  const answered = new Set(of('tool').map((message) => message.tool_call_id));
  return {
    records: messages.length,
    texts: {
      prompt: [...contents('system'), ...contents('user')],
      response: contents('assistant'),
      reasoning: of('assistant').map((message) => message.reasoning_content ?? ''),
      'tool.input': calls.map((call) => call.function.arguments),
      'tool.output': contents('tool'),
    },
    problems: calls.every((call) => answered.has(call.id)) ? [] : ['a tool call without its result'],
  };
}

const [segmentId, clusterId, blockIds] = [0x18538067, 0x1f43b675, [0xa0, 0xa3]];

/** WebM, as far as its frames go: RFC 8794 has elements of an id and a size, RFC 9559 says which. A frame is a record. */
export function readVideo(text) {
  const bytes = Buffer.from(text, 'latin1');
  const [head, ...rest] = elements(bytes);
  const frames = rest.filter(({ id }) => blockIds.includes(id));
  return {
    records: frames.length,
    texts: {},
    problems: [
      ...(head?.id === 0x1a45dfa3 ? [] : ['no EBML']),
      ...(text.includes('V_VP8') ? [] : ['no VP8']),
      ...(rest.at(-1)?.end === bytes.length ? [] : ['ends inside of an element']),
    ],
  };
}

/** Those of a segment and of its clusters stand after them: a recorder that streams does not know how large they are. */
function elements(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const idBytes = Math.clz32(bytes[at]) - 23;
    const id = bytes.readUIntBE(at, idBytes);
    const sizeBytes = Math.clz32(bytes[at + idBytes]) - 23;
    const content = at + idBytes + sizeBytes;
    const size = [...bytes.subarray(at + idBytes, content)].reduce((sum, byte, index) => sum * 256 + (index === 0 ? byte - 2 ** (8 - sizeBytes) : byte), 0); // prettier-ignore
    at = id === segmentId || id === clusterId ? content : content + size;
    found.push({ id, end: at });
  }
  return found;
}
