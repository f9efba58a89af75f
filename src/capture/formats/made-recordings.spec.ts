/** Recordings in the form of real ones, of formats that others publish no recordings of under a free licence. */
const window = (title: string, second: number) => ({
  id: 100 - second,
  timestamp: `2026-02-03T09:00:${String(second).padStart(2, '0')}.582000+00:00`,
  duration: 4.75,
  data: { app: 'Code.exe', title },
});
const bucket = (id: string, type: string, events: readonly unknown[]) => ({
  id,
  created: '2026-01-01T08:00:00.000000+00:00',
  name: null,
  type,
  client: id.split('_')[0],
  hostname: 'laptop-of-anna',
  data: {},
  events,
});
const at = (second: number) => ({ timestamp: `2026-02-03T09:01:0${second}Z`, duration: second });

export const activitywatchExport = JSON.stringify({
  buckets: {
    'aw-watcher-window_laptop-of-anna': bucket('aw-watcher-window_laptop-of-anna', 'currentwindow', [
      window('salary.xlsx — «sheet»', 9),
      window('letter to the works council', 4),
    ]),
    'aw-watcher-afk_laptop-of-anna': bucket('aw-watcher-afk_laptop-of-anna', 'afkstatus', [
      { id: 3, ...at(1), data: { status: 'not-afk' } },
      { id: 2, ...at(0), data: { status: 'afk' } },
    ]),
    'aw-watcher-web-firefox': bucket('aw-watcher-web-firefox', 'web.tab.current', [
      {
        id: 7,
        ...at(2),
        data: { url: 'https://example.org/illness', title: 'Illness', audible: false, incognito: true, tabCount: 9 },
      },
      { id: 8, ...at(3), data: { url: 'data:text/plain,inline', title: 'x', 'a note': 'of nobody' } },
    ]),
    'aw-watcher-vscode_laptop-of-anna': bucket('aw-watcher-vscode_laptop-of-anna', 'app.editor.activity', [
      {
        id: 1,
        ...at(4),
        data: { file: '/home/anna/plan.md', project: 'plan', language: 'markdown', branch: 'secret-plan' },
      },
    ]),
    'aw-watcher-input_laptop-of-anna': bucket('aw-watcher-input_laptop-of-anna', 'os.hid.input', [
      { id: 1, ...at(5), data: { presses: 12, clicks: 3, deltaX: 410, deltaY: 95, scrollX: 0, scrollY: 2 } },
    ]),
    'aw-stopwatch': bucket('aw-stopwatch', 'general.stopwatch', []),
  },
});

export const balabit = `record timestamp,client timestamp,button,state,x,y
0.0,0.0,NoButton,Move,1043,410
0.231999874115,0.0939999999828,NoButton,Move,1024,410
1.30400013924,1.31000000006,Left,Pressed,203,115
1.5250,1.40,Left,Drag,204,116
1.9,1.90,Left,Released,65535,65535
2.1,2.0,Scroll,Down,203,115
`;
const sapiMouse = `0,NoButton,Move,1250,710\r\n8,NoButton,Move,1250,710\r\n1234,Left,Pressed,1450,520\r\n`;
const quoted = `"Timestamp";"X";"Y";"Event Type";"Window Title"
"2026-02-03 09:00:00.125";"10";"20";"mousedown";"Budget; 2026, ""draft"""
"2026-02-03 09:00:00.250"; 11 ;"-20";"mousemove";"Budget; 2026"

"2026-02-03 09:00:00.375";"12";"20"
"2026-02-03 09:00:00.500";"here it was";"20";"mousemove";""`;

/** Events of CloudEvents around records of other formats, and around something else. */
const event = (format: string, index: number, data: unknown, more = {}) => ({
  specversion: '1.0',
  type: `custos.record.${format}`,
  source: '/agents/laptop-of-anna',
  subject: 'anna',
  id: `id-${format}-${index}`,
  time: `2026-02-03T09:02:${String(index).padStart(2, '0')}.25Z`,
  datacontenttype: 'application/json',
  custossession: 'monday-1',
  data,
  ...more,
});
const typing = (text: string, timestamp: number) => ({
  type: 3,
  data: { source: 5, text, isChecked: false, id: 9 },
  timestamp,
});
export const cloudEvents = [
  event('rrweb', 0, { type: 4, data: { href: 'https://example.org/a', width: 800, height: 600 }, timestamp: 1 }),
  event('rrweb', 1, typing('my own password', 2), { traceparent: '00-trace-of-somebody' }),
  event('messages', 2, { role: 'user', content: 'a question of mine' }),
  event('mouse-csv', 3, { timestamp: '1.5', x: '10', y: '20' }),
  event('agentnet', 4, {
    time_stamp: 1.5,
    action: 'press',
    name: 'capslock',
    pynput_key: 'Key.caps_lock',
    event_idx: 0,
  }),
  event('nothing', 5, { of: 'an unknown type' }),
  event('rrweb', 6, undefined, { data_base64: 'aGVsbG8gd29ybGQ=' }),
  event('cloudevents', 7, { specversion: '1.0', id: 'inside', source: 'x', type: 'custos.record.rrweb', data: null }),
  { specversion: '1.0', id: 'the least', source: 'somewhere', type: 'com.example.something', data: 'a text' },
];

/** As MP4 begins, and what follows does not matter; longer than some records, and not at the end of one. */
const mp4 = Uint8Array.from({ length: 1_000_001 }, (_, at) => [0, 0, 0, 24, ...Buffer.from('ftypisom')][at] ?? (at * at) % 251); // prettier-ignore
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
export const madeDesktops: readonly [name: string, format: string, bytes: Uint8Array][] = [
  ['an export of ActivityWatch', 'activitywatch', bytes(activitywatchExport)],
  [
    'the events of a bucket of ActivityWatch',
    'activitywatch',
    bytes(JSON.stringify([window('a title', 1), window('b', 2)])),
  ],
  ['lines of CloudEvents', 'cloudevents', bytes(cloudEvents.map((one) => `${JSON.stringify(one)}\n`).join(''))],
  ['a batch of CloudEvents', 'cloudevents', bytes(JSON.stringify(cloudEvents))],
  ['one CloudEvent', 'cloudevents', bytes(JSON.stringify(cloudEvents[1]))],
  ['lines of Balabit', 'mouse-csv', bytes(balabit)],
  ['lines of SapiMouse, without names', 'mouse-csv', bytes(sapiMouse)],
  ['lines of a table in quotes, with odd ones', 'mouse-csv', bytes(quoted)],
  ['a video in MP4', 'video', mp4],
];
