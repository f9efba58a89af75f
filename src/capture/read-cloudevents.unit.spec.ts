import { type Problem } from '../problem.js';
import type { Json } from './formats/format.js';
import { mostTime } from './formats/record-time.js';
import { commandOf, eventOfHeaders, isBinaryMode, readCloudEvents } from './read-cloudevents.js';

const now = 1_800_000_000_000;
const event = (more: object = {}): Json =>
  ({ specversion: '1.0', id: '1', source: '/a', type: 't', subject: 'anna', custossession: 's', ...more }) as Json;
const refused = (path: string, rule: string) =>
  expect.objectContaining({ code: 'input_invalid', members: { issues: [{ path, rule }] } }) as Problem;

describe('events are refused, with the place and the rule and nothing of what they hold', () => {
  it.each<[string, Json[], string, string]>([
    ['none', [], 'body', 'too_small'],
    ['what is no object', [event(), 'SECRET'], '1', 'not_a_cloudevent'],
    ['another version', [event({ specversion: '0.3' })], '0', 'not_a_cloudevent'],
    ['no id', [event({ id: undefined })], '0', 'not_a_cloudevent'],
    ['an empty source', [event({ source: '' })], '0', 'not_a_cloudevent'],
    ['a type that is no text', [event({ type: 1 })], '0', 'not_a_cloudevent'],
    ['two sessions', [event(), event({ custossession: 'SECRET' })], '1.custossession', 'not_of_one_session'],
    ['two subjects', [event(), event(), event({ subject: 'SECRET' })], '2.subject', 'not_of_one_session'],
    ['a place for some only', [event({ sequence: '1' }), event()], '1.sequence', 'not_consecutive'],
    ['places with a gap', [event({ sequence: '1' }), event({ sequence: '3' })], '1.sequence', 'not_consecutive'],
    ['a place that is no number', [event({ sequence: 'SECRET' })], '0.sequence', 'not_consecutive'],
    ['a place as a number', [event({ sequence: 1 })], '0.sequence', 'not_consecutive'],
  ])('%s', (_what, events, path, rule) => {
    expect(() => readCloudEvents(events, now)).toThrow(refused(path, rule));
  });
});

describe('events are records of one session', () => {
  it('at its end, with their own times or that of their coming', () => {
    const timed = event({ id: '2', time: '2026-02-03T09:00:00.5+01:00' });
    expect(readCloudEvents([event(), timed], now)).toEqual({
      session: 's',
      subject: 'anna',
      format: 'cloudevents',
      first: 'end',
      records: [
        { time: now, data: event() },
        { time: Date.UTC(2026, 1, 3, 8, 0, 0, 500), data: timed },
      ],
    });
  });
  it.each([
    // To be seen with TZ=America/New_York.
    ['2026-02-03T09:00:00', Date.UTC(2026, 1, 3, 9)],
    ['2026-02-03 09:00:00.25', Date.UTC(2026, 1, 3, 9, 0, 0, 250)],
    ['9999-12-31T23:59:59-12:00', mostTime],
  ])('at a time that means the same on every machine, and that a post may hold: %s', (time, ms) => {
    expect(readCloudEvents([event({ time })], now).records[0]?.time).toBe(ms);
  });
  it('at their place, padded or not', () => {
    expect(readCloudEvents([event({ sequence: '007' }), event({ sequence: '8' })], now).first).toBe(7);
  });
});

it('one write is one list of sources and ids, whatever else they hold', () => {
  const command = commandOf([event({ data: 1 })]);
  expect(commandOf([event({ data: 2, time: 'x' })])).toBe(command);
  const others = [
    [event({ id: '2' })],
    [event({ source: '/b' })],
    [event(), event()],
    [event({ id: '', source: '/a1' })],
  ];
  expect(new Set([command, ...others.map(commandOf)]).size).toBe(5);
});

describe('an event in headers', () => {
  const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'content-type': 'application/json' };
  it('is told by its version', () => {
    expect(isBinaryMode(headers)).toBe(true);
    expect(isBinaryMode({ 'content-type': 'application/json' })).toBe(false);
  });
  it('has its attributes from them, and its data from the body', () => {
    const more = {
      'ce-source': '/a%20%E2%82%AC 100%',
      'ce-custossession': 's',
      'x-ce-no': 'x',
      'ce-data': 'x',
      'ce-no_name': 'x',
    };
    expect(eventOfHeaders({ ...headers, ...more }, { a: 1 })).toEqual({
      specversion: '1.0',
      id: '1',
      source: '/a € 100%',
      custossession: 's',
      datacontenttype: 'application/json',
      data: { a: 1 },
    });
  });
  it('is refused where it is no UTF-8', () => {
    expect(() => eventOfHeaders({ ...headers, 'ce-source': '%ff' }, null)).toThrow(refused('ce-source', 'not_utf8'));
  });
});
