import { wrongUse } from './refusal.js';

const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
type Unit = keyof typeof secondsOf;

/** `90s`, `30m`, `2h`, `7d`, or several: `1h30m`. Largest unit first, each once. @throws Problem usage */
export function parseDuration(option: string, text: string): number {
  const parts = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(text);
  const units: readonly Unit[] = ['d', 'h', 'm', 's'];
  const seconds = units.reduce((sum, unit, index) => sum + Number(parts?.[index + 1] ?? 0) * secondsOf[unit], 0);
  if (parts === null || seconds === 0) throw wrongUse(option, 'a duration such as 90s, 30m, 2h or 7d');
  return seconds;
}

const iso = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;
const lastTime = 8_640_000_000_000_000;

/**
 * Epoch milliseconds, or ISO 8601. A time of day needs its zone: without one it would mean another moment on
 * another machine. @throws Problem usage
 */
export function parseTime(option: string, text: string): number {
  if (/^\d{1,16}$/.test(text) && Number(text) <= lastTime) return Number(text);
  const [, day] = iso.exec(text) ?? [];
  const time = day === undefined ? NaN : Date.parse(text);
  // JavaScript reads 30 February as 1 or 2 March.
  if (Number.isNaN(time) || time < 0 || new Date(`${day}T00:00Z`).toISOString().slice(0, 10) !== day) {
    throw wrongUse(option, 'ISO 8601 with its zone, such as 2026-01-31T09:00:00Z, or epoch milliseconds');
  }
  return time;
}

/** The service takes a position or ISO 8601; a date alone is made whole here. @throws Problem usage */
export function momentOf(text: string | undefined): string | undefined {
  if (text === undefined || /^\d{1,15}$/.test(text)) return text;
  return new Date(parseTime('moment', text)).toISOString();
}

/** @throws Problem usage */
export function parseCount(option: string, text: string): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(count)) throw wrongUse(option, 'a whole number');
  return count;
}

/** For options that may be given several times; not variadic, which would take the next argument as well. */
export const collect = (value: string, earlier: readonly string[] = []): readonly string[] => [...earlier, value];

/** A path of the API: what was typed stays one segment of it. */
export const segment = (text: string): string => {
  // URL parsing would resolve these two, encoded or not.
  if (text === '' || text === '.' || text === '..') throw wrongUse('ID', 'not an id');
  return encodeURIComponent(text);
};

/** For whatever looks at the past: who looks is in the log, with why. */
export const why = ['--purpose <text>', 'why you ask, 10 to 500 characters; it is kept in the log'] as const;
export interface Why {
  readonly purpose?: string;
}
