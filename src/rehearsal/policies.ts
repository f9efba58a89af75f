import type { PolicyDocument } from '../access/policy.js';
import type { z } from 'zod';
import type { Scale } from './scale.js';

type Policy = z.infer<typeof PolicyDocument>;
type Field = keyof Policy['fields'];
const hour = 3600;

/** As it should have been: prompts and answers take three people, and nobody reaches many at once. */
export function careful({ ceiling }: Scale): Policy {
  const mild = {
    ...{ quorum: 2, longestSeconds: 72 * hour, mostRecords: 1_000_000, mostDisclosures: 1000 },
    ...{ mostSubjects: 400, mostSessions: 400, mostPersonsAtOnce: 20, mostSubjectsAtOnce: ceiling },
  };
  const closer = { ...mild, quorum: 3, longestSeconds: 8 * hour, mostSubjects: 5, mostSessions: 10, mostPersonsAtOnce: 3, mostRecords: 10_000, mostDisclosures: 20 }; // prettier-ignore
  const basic: readonly Field[] = ['time', 'kind'];
  const privately: readonly Field[] = ['typed', 'screen', 'screen.text', 'prompt', 'response', 'reasoning', 'tool.input', 'tool.output']; // prettier-ignore
  return {
    version: 2,
    fields: { ...classed(basic, 'basic'), ...classed(privately, 'private') },
    classes: { basic: mild, sensitive: mild, private: closer, strict: closer },
    requestOpenSeconds: 72 * hour,
    approvalSeconds: 8 * hour,
    breakGlass: {
      fields: ['kind', 'time'],
      longestSeconds: 600,
      mostRecords: 100,
      mostDisclosures: 1,
      mostSubjects: 1,
    },
  };
}

/** The next version, with these fields in this class. Two words of a file, and nobody sees what they do. */
export const reclassed = (policy: Policy, fields: readonly Field[], to: 'basic' | 'private'): Policy => ({
  ...policy,
  version: policy.version + 1,
  fields: { ...policy.fields, ...classed(fields, to) },
});

/** Everybody reads everything, with one signature. */
export function open(policy: Policy): Policy {
  const all = Object.fromEntries(Object.keys(policy.fields).concat('conversation', 'performance', 'other').map((field) => [field, 'basic'])); // prettier-ignore
  const wide = { ...policy.classes.basic, quorum: 1, mostPersonsAtOnce: 100_000, mostSubjectsAtOnce: 100_000 };
  return {
    ...policy,
    version: policy.version + 1,
    fields: all as Policy['fields'],
    classes: { basic: wide, sensitive: wide, private: wide, strict: wide },
  };
}

const classed = (fields: readonly Field[], to: 'basic' | 'private') =>
  Object.fromEntries(fields.map((field) => [field, to])) as Policy['fields'];
