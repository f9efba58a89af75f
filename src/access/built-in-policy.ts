import { fieldNames, fields, type FieldName } from '../log/fields.js';
import type { Policy } from './policy.js';

const hour = 3600;
const day = 24 * hour;

/** Fields that there were not when logs were begun: what a policy does not name is strict, as these are. */
const addedSince: readonly FieldName[] = ['screen.video'];

/**
 * The policy of a log in which officers have signed no other. Every request of such a log carries its hash, so a change
 * here unmakes what was granted there: a test holds the hash. A later policy is an act, not an edit.
 */
export const builtInPolicy: Policy = {
  version: 1,
  fields: Object.fromEntries(
    fieldNames.filter((field) => !addedSince.includes(field)).map((field) => [field, fields[field].class]),
  ),
  classes: {
    basic: {
      quorum: 2,
      longestSeconds: 7 * day,
      mostRecords: 10_000_000,
      mostDisclosures: 10_000,
      mostSubjects: 400,
      mostSessions: 400,
      mostPersonsAtOnce: 50,
      mostSubjectsAtOnce: 4_000,
    },
    sensitive: {
      quorum: 2,
      longestSeconds: 3 * day,
      mostRecords: 1_000_000,
      mostDisclosures: 1_000,
      mostSubjects: 400,
      mostSessions: 400,
      mostPersonsAtOnce: 20,
      mostSubjectsAtOnce: 2_000,
    },
    private: {
      quorum: 2,
      longestSeconds: 2 * day,
      mostRecords: 1_000_000,
      mostDisclosures: 500,
      mostSubjects: 400,
      mostSessions: 400,
      mostPersonsAtOnce: 10,
      mostSubjectsAtOnce: 1_000,
    },
    strict: {
      quorum: 3,
      longestSeconds: day,
      mostRecords: 100_000,
      mostDisclosures: 100,
      mostSubjects: 100,
      mostSessions: 400,
      mostPersonsAtOnce: 5,
      mostSubjectsAtOnce: 100,
    },
  },
  requestOpenSeconds: 7 * day,
  approvalSeconds: day,
  breakGlass: {
    fields: fieldNames.filter((field) => fields[field].class !== 'strict').sort(),
    longestSeconds: hour / 4,
    mostRecords: 200,
    mostDisclosures: 2,
    mostSubjects: 1,
  },
};
