import { Problem } from '../problem.js';
import { parseDuration, parseTime, segment } from './arguments.js';

describe('a duration is refused', () => {
  it.each(['', '0s', '2', '2x', '-2h', '1.5h', '30m1h', '2h 3m', '1h1h'])('as %p', (text) => {
    expect(() => parseDuration('--for', text)).toThrow(Problem);
  });
});

describe('a duration is', () => {
  it.each([
    ['90s', 90],
    ['30m', 1800],
    ['2h', 7200],
    ['7d', 604_800],
    ['1h30m', 5400],
  ])('%s, in seconds', (text, seconds) => {
    expect(parseDuration('--for', text)).toBe(seconds);
  });
});

describe('a time is refused', () => {
  it('without its zone', () => expect(() => parseTime('--from', '2026-01-31T09:00:00')).toThrow(Problem));
  it('on a day that does not exist', () => expect(() => parseTime('--from', '2026-02-30')).toThrow(Problem));
  it('past the last that has a date', () => expect(() => parseTime('--from', '8640000000000001')).toThrow(Problem));
  it.each(['', 'yesterday', '1969-12-31', '2026-13-01', '-1', '1e3'])('as %p', (text) => {
    expect(() => parseTime('--from', text)).toThrow(Problem);
  });
});

describe('a time is epoch milliseconds', () => {
  it.each([
    ['0', 0],
    ['8640000000000000', 8_640_000_000_000_000],
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['2026-01-31T09:00Z', Date.UTC(2026, 0, 31, 9)],
    ['2026-01-31T00:30:00.5+02:00', Date.UTC(2026, 0, 30, 22, 30, 0, 500)],
  ])('from %s', (text, time) => expect(parseTime('--from', text)).toBe(time));
});

describe('an id in a path', () => {
  it('cannot leave its place', () => {
    expect(segment('../log')).toBe('..%2Flog');
    expect(() => segment('..')).toThrow(Problem);
    expect(() => segment('')).toThrow(Problem);
  });
});
