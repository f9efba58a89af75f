import { classes, classOf, fieldNames, type FieldClass } from '../log/fields.js';
import { classIn, leastQuorum, type Ceiling, type Policy, type Release } from './policy.js';
import { widest } from './scope.js';

const minute = 60;
const day = 24 * 3600;

/** As far as a policy can open a class, whoever signs it. */
const mild: Readonly<Record<Ceiling, number>> = { ...widest, mostPersonsAtOnce: 100, mostSubjectsAtOnce: 10_000 };
const utmost: Readonly<Record<FieldClass, Readonly<Record<Ceiling, number>>>> = {
  basic: mild,
  sensitive: mild,
  private: mild,
  strict: {
    longestSeconds: 2 * day,
    mostRecords: 1_000_000,
    mostDisclosures: 1_000,
    mostSubjects: 100,
    mostSessions: widest.mostSessions,
    mostPersonsAtOnce: 10,
    mostSubjectsAtOnce: 200,
  },
};

const within =
  (...ceilings: readonly Ceiling[]) =>
  (policy: Policy) =>
    classes.every((name) => ceilings.every((one) => policy.classes[name][one] <= utmost[name][one]));

/**
 * What holds of every policy, whatever the signatures: enough officers could otherwise sign that anybody reads
 * everything. Filed under the name that a refusal carries when it does not hold.
 */
const floors = {
  quorum_too_small: ({ classes: of }) => classes.every((name) => of[name].quorum >= leastQuorum),
  // What two people wrote to each other, what somebody is thought to be worth, and what nobody has looked at.
  strict_field_lowered: (policy) =>
    fieldNames.every((field) => classOf(field) !== 'strict' || classIn(policy, field) === 'strict'),
  stricter_class_milder: ({ classes: of }) =>
    classes.slice(1).every((name, index) => asksAsMuch(of[name], of[classes[index] as FieldClass])),
  duration_too_long: within('longestSeconds'),
  budget_too_large: within('mostRecords', 'mostDisclosures'),
  scope_too_large: within('mostSubjects', 'mostSessions'),
  reach_too_wide: within('mostPersonsAtOnce', 'mostSubjectsAtOnce'),
  request_open_too_long: ({ requestOpenSeconds }) => requestOpenSeconds <= 14 * day,
  approval_kept_too_long: ({ approvalSeconds }) => approvalSeconds <= 2 * day,
  break_glass_too_long: ({ breakGlass }) => breakGlass.longestSeconds <= 30 * minute,
  break_glass_too_large: ({ breakGlass }) =>
    breakGlass.mostRecords <= 1_000 && breakGlass.mostDisclosures <= 5 && breakGlass.mostSubjects <= 5,
  break_glass_strict_field: (policy) => policy.breakGlass.fields.every((field) => classIn(policy, field) !== 'strict'),
} satisfies Record<string, (policy: Policy) => boolean>;

export type Floor = keyof typeof floors;
const floorNames = Object.keys(floors) as Floor[];

/** The floors that a policy is below, none if it may stand. */
export const belowFloors = (policy: Policy): Floor[] => floorNames.filter((name) => !floors[name](policy));

const asksAsMuch = ({ quorum, ...ceilings }: Release, { quorum: least, ...most }: Release): boolean =>
  quorum >= least && (Object.keys(most) as Ceiling[]).every((one) => ceilings[one] <= most[one]);
