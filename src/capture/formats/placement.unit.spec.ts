import fc from 'fast-check';
import type { Format, Json } from './format.js';
import { formatOf } from './formats.js';
import { expectEachTextOnce, fieldsOf } from './placement.spec.js';

const rrweb = formatOf('rrweb');
const asciicast = formatOf('asciicast');
const agentnet = formatOf('agentnet');
const mouseCsv = formatOf('mouse-csv');
const activitywatch = formatOf('activitywatch');
const video = formatOf('video');
const watched = (data: object): Json => ({ timestamp: '2026-01-01T00:00:00Z', duration: 1, data }) as Json;
const cloudevents = formatOf('cloudevents');
const enveloped = (data: Json, more: object = {}): Json =>
  ({ specversion: '1.0', id: '1', source: 'x', type: 'custos.record.agentnet', data, ...more }) as Json;
const input = (action: string, keys: object): Json => ({ time_stamp: 1.5, action, ...keys, event_idx: 0 }) as Json;
const event = (type: number, data: Json, timestamp: Json = 1): Json => ({ type, data, timestamp });
const change = (source: number, data: object): Json => event(3, { source, ...data } as Json);
const element = (tagName: string, attributes: object, childNodes: Json[] = []): Json =>
  ({ type: 2, id: 2, tagName, attributes, childNodes }) as Json;
const page = (node: Json): Json => event(2, { node: { type: 0, id: 1, childNodes: [node] } } as Json);

describe('a text never comes into a milder class', () => {
  it.each<[string, Format, Json]>([
    ['as a time', rrweb, event(0, {}, 'SECRET')],
    ['as an unknown type of event', rrweb, { type: 'SECRET', data: {}, timestamp: 1 }],
    ['as a key of an event', rrweb, { type: 3, data: { source: 3 }, timestamp: 1, SECRET: 1 }],
    ['as an unknown source', rrweb, event(3, { source: 'SECRET' })],
    ['beside the positions of a pointer', rrweb, change(1, { positions: [], note: 'SECRET' })],
    ['inside a position of a pointer', rrweb, change(1, { positions: [{ x: 1, y: 2, id: 3, note: 'SECRET' }] })],
    ['as a coordinate', rrweb, change(3, { id: 1, x: 'SECRET', y: 0 })],
    ['as a size of the window', rrweb, change(4, { width: { SECRET: 1 }, height: 1 })],
    ['as the size of a page', rrweb, event(4, { href: 'about:blank', width: 'SECRET', height: 1 })],
    [
      'as an address that holds its own bytes',
      rrweb,
      event(4, { href: ' DA\nTA:text/html,SECRET', width: 1, height: 1 }),
    ],
    ['as an offset', rrweb, event(2, { node: {}, initialOffset: { top: 'SECRET', left: 0 } })],
    ['as an unknown key of a snapshot', rrweb, event(2, { node: {}, note: { SECRET: 1 } })],
    ['as an unknown key of a node', rrweb, page({ type: 3, id: 2, textContent: ' ', note: 'SECRET' })],
    ['as a program', rrweb, page(element('a', { onClick: 'SECRET' }))],
    ['as a page in a page', rrweb, page(element('iframe', { srcdoc: 'SECRET' }))],
    ['as the frames of a header', asciicast, { version: 1, stdout: ['SECRET'] }],
    ['as the time of a header', asciicast, { version: 2, timestamp: 'SECRET' }],
    ['as the width of a terminal', asciicast, { version: 3, term: { cols: 'SECRET', type: 'SECRET' } }],
    ['as an unknown version', asciicast, { version: 'SECRET' }],
    ['as an unknown code', asciicast, [1, 'SECRET', 'x']],
    ['as an unknown action', agentnet, input('SECRET', { x: 1 })],
    ['as a position of a pointer', agentnet, input('move', { x: 'SECRET', y: 1 })],
    ['as a button', agentnet, input('click', { button: 'SECRET' })],
    ['as what was done', agentnet, input('click', { key: [['click', 'SECRET'], true] })],
    ['as a time', agentnet, input('move', { end_time: 'SECRET' })],
    ['in a trace', agentnet, input('scroll', { trace: [{ x: 1, note: 'SECRET' }] })],
    ['as a key before a click', agentnet, input('click', { pre_move: { action: 'move', SECRET: 1 } })],
    ['as the description of an action', agentnet, input('type', { description: 'SECRET' })],
    ['as the model of a machine', agentnet, { model: 'SECRET', video_start_timestamp: 1 }],
    ['as a cell of an unknown column', mouseCsv, { x: '1', SECRET: '2' }],
    ['as a name of a column', mouseCsv, { columns: ['x', 'SECRET'], header: true, delimiter: ',', ended: true }],
    ['as a coordinate in a table', mouseCsv, { x: 'SECRET', y: '1' }],
    ['as a time in a table', mouseCsv, { timestamp: '2026-01-01 00:00:00 SECRET' }],
    ['as a state of a button', mouseCsv, { state: 'SECRET' }],
    ['as what parts the cells', mouseCsv, { columns: ['x'], header: true, delimiter: 'SECRET', ended: true }],
    ['as a line that fits no table', mouseCsv, { line: 'SECRET' }],
    ['as the name of a machine', activitywatch, { frame: ['buckets', 'SECRET', 'events'], of: { hostname: 'SECRET' } }],
    ['as an unknown key of an event', activitywatch, watched({ SECRET: 1 })],
    ['as a status', activitywatch, watched({ status: 'SECRET' })],
    ['as an address with its own bytes', activitywatch, watched({ url: 'data:text/plain,SECRET' })],
    ['as the id of an event', activitywatch, { id: 'SECRET', ...(watched({}) as object) }],
    ['as a source of an event', cloudevents, enveloped(input('move', { x: 1 }), { source: 'SECRET' })],
    ['as an extension of an event', cloudevents, enveloped(input('move', { x: 1 }), { SECRET: 'x' })],
    ['as the type of an event', cloudevents, enveloped({}, { type: 'SECRET' })],
    ['as a format that there is not', cloudevents, enveloped({}, { type: 'custos.record.SECRET' })],
    ['as the time of an event', cloudevents, enveloped(input('move', { x: 1 }), { time: 'SECRET' })],
    ['as its media type', cloudevents, enveloped(input('move', { x: 1 }), { datacontenttype: 'SECRET' })],
    ['as an unknown action in an envelope', cloudevents, enveloped(input('SECRET', { x: 1 }))],
    ['as bytes that are none', video, { bytes: 'a SECRET' }],
    ['as a key of a piece of a video', video, { bytes: '', SECRET: 1 }],
    ['as a piece of a video that is a text', video, 'SECRET'],
    ['as a date', agentnet, { start_time: '2024-11-05 SECRET', video_start_timestamp: 1 }],
  ])('%s', (_how, format, data) => {
    expect(fieldsOf(format, data)).toEqual(['other']);
    expect(JSON.stringify(format.reassemble(format.decompose(data)))).toBe(JSON.stringify(data));
  });
});

describe('a part of a page goes to its field', () => {
  const within = (tagName: string, textContent: string) =>
    page(element(tagName, {}, [{ type: 3, id: 3, textContent }]));
  it.each<[string, Json, string]>([
    ['href', page(element('a', { href: 'https://x/SECRET' })), 'url'],
    ['HREF in another case', page(element('a', { HREF: '/SECRET' })), 'url'],
    ['an address under another name', page(element('a', { longname: 'https://x/SECRET' })), 'url'],
    ['mailto', page(element('a', { href: 'mailto:SECRET@x' })), 'screen.text'],
    ['javascript', page(element('a', { href: ' java\tscript:SECRET' })), 'screen.text'],
    ['a picture in its address', page(element('img', { src: 'data:image/png;base64,SECRET' })), 'screen'],
    ['a picture among addresses', page(element('img', { srcset: '/a 1x, data:image/png;base64,SECRET 2x' })), 'screen'],
    ['class', page(element('p', { class: 'SECRET' })), 'screen'],
    ['CSS with an address', page(element('p', { style: 'background: url(SECRET)' })), 'screen'],
    ['aria-label', page(element('p', { 'aria-label': 'SECRET' })), 'screen.text'],
    ['value', page(element('input', { value: 'SECRET' })), 'typed'],
    ['text', within('p', 'SECRET'), 'screen.text'],
    ['text of a style', within('style', 'SECRET'), 'screen'],
    ['text of a title', within('title', 'SECRET'), 'window'],
    ['text of a textarea', within('TEXTAREA', 'SECRET'), 'typed'],
    ['text of a script', within('script', 'SECRET'), 'other'],
    ['a mutated text', change(0, { texts: [{ id: 1, value: 'SECRET' }] }), 'screen.text'],
    ['a mutated value', change(0, { attributes: [{ id: 1, attributes: { value: 'SECRET' } }] }), 'typed'],
    [
      'a mutated style',
      change(0, { attributes: [{ id: 1, attributes: { style: { top: ['SECRET', ''] } } }] }),
      'screen',
    ],
    ['input', change(5, { id: 1, text: 'SECRET', isChecked: false }), 'typed'],
    ['a console line', event(6, { plugin: 'rrweb/console@1', payload: 'SECRET' }), 'other'],
    ['a font', change(10, { family: 'SECRET' }), 'screen'],
  ])('%s', (_what, data, field) => expect(fieldsOf(rrweb, data)).toEqual([field]));
});

describe('a part of a terminal recording or a desktop goes to its field', () => {
  it.each<[string, Format, Json, string]>([
    ['output', asciicast, [1, 'o', 'SECRET'], 'screen.text'],
    ['a frame of v1', asciicast, [1, 'SECRET'], 'screen.text'],
    ['input', asciicast, [1, 'i', 'SECRET'], 'typed'],
    ['a marker', asciicast, [1, 'm', 'SECRET'], 'other'],
    ['a comment', asciicast, '# SECRET', 'other'],
    ['the theme in term', asciicast, { version: 3, term: { cols: 1, theme: { fg: 'SECRET' } } }, 'screen'],
    ['the title', asciicast, { version: 2, title: 'SECRET' }, 'other'],
    ['a cell with a window', mouseCsv, { x: '1', '"Window Title"': '"SECRET"' }, 'window'],
    ['a cell with a key', mouseCsv, { key: 'SECRET', timestamp: '1' }, 'typed'],
    ['a window', activitywatch, watched({ app: 'x', title: 'SECRET' }), 'window'],
    ['a page', activitywatch, watched({ url: 'https://x/SECRET', title: 'x' }), 'url'],
    ['an edited file', activitywatch, watched({ file: 'SECRET' }), 'window'],
    ['a key', agentnet, input('press', { name: 'SECRET', pynput_key: '<84>' }), 'typed'],
    ['a key in an envelope', cloudevents, enveloped(input('press', { name: 'SECRET' })), 'typed'],
    ['a key, said again', agentnet, input('release', { key: [['release', 'SECRET'], true] }), 'typed'],
    ['keys', agentnet, input('type', { key_names: ['SECRET'] }), 'typed'],
    ['a key pressed before a click', agentnet, input('click', { pre_move: { name: 'SECRET' } }), 'typed'],
    ['a piece of a video', video, { bytes: 'SECRETSECRET' }, 'screen.video'],
    ['the window on top', agentnet, { time_stamp: 1, top_window_name: 'SECRET' }, 'window'],
    ['its address', agentnet, { time_stamp: 1, top_window_name: 'x', url: 'https://x/SECRET' }, 'url'],
  ])('%s', (_what, format, data, field) => expect(fieldsOf(format, data)).toEqual([field]));
});

it('whether somebody was at their desk is information about their performance', () => {
  expect(activitywatch.decompose(watched({ status: 'afk' })).performance).toEqual({ data: { status: 'afk' } });
});

describe('whatever a record holds', () => {
  const anyNode: fc.Arbitrary<Json> = fc.letrec<{ node: Json; attributes: Json }>((tie) => ({
    attributes: fc.dictionary(
      fc.constantFrom('href', 'value', 'title', 'style', 'class', 'onload', 'data', 'attributes', 'rr_x'),
      fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('x', { a: 'b', c: ['d', 'important'], e: false })),
    ) as fc.Arbitrary<Json>,
    node: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
      fc.record(
        {
          type: fc.oneof(fc.integer({ min: -1, max: 7 }), fc.string()),
          id: fc.integer(),
          tagName: fc.constantFrom('title', 'style', 'textarea', 'p', 'script'),
          attributes: tie('attributes'),
          childNodes: fc.oneof(fc.array(tie('node')), fc.jsonValue({ maxDepth: 1 })),
          node: tie('node'),
          textContent: fc.oneof(fc.string(), fc.jsonValue({ maxDepth: 1 })),
          value: fc.oneof(fc.string(), fc.jsonValue({ maxDepth: 1 })),
          note: fc.jsonValue({ maxDepth: 1 }),
        },
        { requiredKeys: [] },
      ) as fc.Arbitrary<Json>,
    ),
  })).node;
  const dom = fc.record(
    {
      source: fc.constant(0),
      node: anyNode,
      texts: fc.oneof(fc.array(anyNode), anyNode),
      attributes: fc.oneof(fc.array(anyNode), anyNode),
      adds: fc.array(anyNode),
      removes: fc.array(anyNode),
      initialOffset: fc.oneof(fc.constant({ top: 1, left: 2 }), fc.jsonValue()),
    },
    { requiredKeys: ['source'] },
  );
  const events = fc.record({ type: fc.constantFrom(2, 3), data: dom, timestamp: fc.integer() });
  const changes = fc.record({
    type: fc.integer({ min: 0, max: 8 }),
    data: fc.record({
      source: fc.integer({ min: -1, max: 18 }),
      id: fc.jsonValue(),
      text: fc.jsonValue(),
      ranges: fc.jsonValue(),
    }),
    timestamp: fc.jsonValue(),
  });
  const casts = fc.oneof(
    fc.record({
      version: fc.constantFrom(1, 2, 3, 4),
      term: fc.jsonValue(),
      theme: fc.jsonValue(),
      keys: fc.jsonValue(),
    }),
    fc.tuple(fc.double(), fc.constantFrom('o', 'i', 'q'), fc.jsonValue()),
  );
  const inputs = fc.letrec<{ line: unknown }>((tie) => ({
    line: fc.record(
      {
        time_stamp: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string()),
        action: fc.constantFrom('move', 'click', 'press', 'type', 'nothing'),
        x: fc.jsonValue(),
        button: fc.constantFrom('left', 'other', 7),
        name: fc.jsonValue(),
        key: fc.jsonValue(),
        pre_move: fc.oneof({ maxDepth: 2 }, fc.jsonValue(), tie('line')),
        trace: fc.jsonValue(),
        ['__proto__']: fc.jsonValue(),
        keys: fc.jsonValue(),
        top_window_name: fc.jsonValue(),
        screen_width: fc.jsonValue(),
        video_start_timestamp: fc.oneof(fc.integer(), fc.string()),
      },
      { requiredKeys: ['time_stamp'] },
    ),
  })).line;
  const anyCells = fc.dictionary(
    fc.constantFrom(
      'timestamp',
      'x',
      'X',
      'y',
      'button',
      'state',
      'title',
      'Window Title',
      'line',
      'keys',
      '__proto__',
    ),
    fc.oneof(fc.string(), fc.jsonValue()),
  );
  const watchedEvents = fc.record(
    {
      id: fc.jsonValue(),
      timestamp: fc.constantFrom('2026-01-01T00:00:00Z'),
      duration: fc.jsonValue(),
      data: fc.oneof(
        fc.dictionary(
          fc.constantFrom('app', 'title', 'url', 'status', 'data', 'keys', 'extra', '__proto__'),
          fc.jsonValue(),
        ),
        fc.jsonValue(),
      ),
      note: fc.jsonValue(),
    },
    { requiredKeys: ['timestamp', 'duration', 'data'] },
  );
  it.each<[string, Format, fc.Arbitrary<unknown>]>([
    ['a line of desktop input', agentnet, inputs],
    ['a line of a table', mouseCsv, anyCells],
    ['an event of a watcher', activitywatch, watchedEvents],
    [
      'a line of desktop input in an envelope',
      cloudevents,
      fc.tuple(inputs, fc.jsonValue()).map(([line, more]) => enveloped(line as Json, { more })),
    ],
    ['a page or a mutation', rrweb, events],
    ['another event', rrweb, changes],
    ['a line of a terminal', asciicast, casts],
  ])('%s comes back the same, and each text stood in one field, once', (_what, format, arbitrary) =>
    fc.assert(
      fc.property(arbitrary, (value) => expectEachTextOnce(format, value as Json)),
      { numRuns: 300 },
    ),
  );

  it('that is deeper than any page is taken apart, and not out of stack', () => {
    let deep: Json = 'x';
    for (let level = 0; level < 20_000; level += 1) deep = level % 2 === 0 ? [deep] : { childNodes: deep };
    expect(Object.keys(rrweb.decompose(event(2, { node: { childNodes: [deep] } })))).toContain('other');
  });
});
