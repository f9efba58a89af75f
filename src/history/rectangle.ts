import type { SessionOfSubject } from '../access/scope.js';
import type { FieldName } from '../log/fields.js';

/** Every one of these fields of every one of these sessions. */
export interface Rectangle {
  readonly sessions: readonly SessionOfSubject[];
  readonly fields: readonly FieldName[];
}

const isEmpty = ({ sessions, fields }: Rectangle) => sessions.length === 0 || fields.length === 0;

/** What of `one` is in `other` too; undefined if nothing is. */
export function within(one: Rectangle, other: Rectangle): Rectangle | undefined {
  const { inside, fields } = split(one, other);
  const common = { sessions: inside, fields: fields.filter((field) => other.fields.includes(field)) };
  return isEmpty(common) ? undefined : common;
}

/** What of `one` is not in `other`: at most two rectangles that have nothing in common. */
export function without(one: Rectangle, other: Rectangle): Rectangle[] {
  const { inside, outside, fields } = split(one, other);
  return [
    { sessions: outside, fields },
    { sessions: inside, fields: fields.filter((field) => !other.fields.includes(field)) },
  ].filter((part) => !isEmpty(part));
}

function split({ sessions, fields }: Rectangle, other: Rectangle) {
  const names = new Set(other.sessions.map(({ session }) => session));
  const inside = sessions.filter(({ session }) => names.has(session));
  const outside = sessions.filter(({ session }) => !names.has(session));
  return { inside, outside, fields };
}
