import fc from 'fast-check';
import { classes, classOf, fieldNames, fields } from '../log/fields.js';
import { builtInPolicy } from './built-in-policy.js';
import { policyWith, type Change, type Mutable } from './given-policy.spec.js';
import { scopeOf, sessions } from './given.spec.js';
import { toHex } from './hex.js';
import { belowFloors } from './policy-floors.js';
import { aboveCeilings, ceiling, classIn, needed, PolicyDocument, policyHash, previewOf, termsOf, type Policy } from './policy.js'; // prettier-ignore
import type { SessionOfSubject } from './scope.js';

const day = 24 * 3600;

describe('a quorum', () => {
  it('is never one person, even if a policy says so', () => {
    const lax = policyWith(({ classes: of }) => (of.basic.quorum = 1));
    expect(needed(lax, ['kind'])).toBe(2);
    expect(needed(lax, [])).toBe(2);
  });
  it('is the one of the strictest field', () => {
    expect(needed(builtInPolicy, ['time', 'url', 'typed'])).toBe(2);
    expect(needed(builtInPolicy, ['time', 'url', 'typed', 'other'])).toBe(3);
  });
  it('is the strictest one for a field that the policy does not name', () => {
    const silent = policyWith((policy) => delete policy.fields.url);
    expect(classIn(silent, 'url')).toBe('strict');
    expect(needed(silent, ['url'])).toBe(3);
    expect(ceiling(silent, ['url'], 'mostDisclosures')).toBe(100);
  });
  it('never falls, nor does a ceiling rise, when a field is added', () =>
    fc.assert(
      fc.property(fc.subarray(fieldNames, { minLength: 1 }), fc.constantFrom(...fieldNames), (some, more) => {
        expect(needed(builtInPolicy, [...some, more])).toBeGreaterThanOrEqual(needed(builtInPolicy, some));
        for (const name of ['longestSeconds', 'mostRecords', 'mostDisclosures', 'mostSubjects'] as const) {
          const before = ceiling(builtInPolicy, some, name);
          expect(ceiling(builtInPolicy, [...some, more], name)).toBeLessThanOrEqual(before);
        }
      }),
    ));
});

describe('a document is no policy', () => {
  const other = (change: (document: Record<string, never> & Policy) => void) => {
    const document = structuredClone(builtInPolicy) as Record<string, never> & Policy;
    change(document);
    return document;
  };
  it.each<[string, unknown]>([
    ['with a wildcard for fields', other(({ fields: named }) => Object.assign(named, { '*': 'basic' }))],
    ['with a wildcard for a class', other(({ classes: of }) => Object.assign(of, { '*': of.basic }))],
    ['with a field of no class', other(({ fields: named }) => Object.assign(named, { url: 'open' }))],
    ['with a field that there is not', other(({ fields: named }) => Object.assign(named, { urls: 'basic' }))],
    ['with a member that nobody knows', other((document) => Object.assign(document, { also: 1 }))],
    ['with an endless ceiling', other(({ classes: of }) => Object.assign(of.basic, { mostRecords: Infinity }))],
    ['with a ceiling below nothing', other(({ classes: of }) => Object.assign(of.basic, { mostRecords: -1 }))],
    ['with no version', other((document) => Object.assign(document, { version: 0 }))],
    [
      'with a request open for less than a minute',
      other((document) => Object.assign(document, { requestOpenSeconds: 59 })),
    ],
    ['with half a second for a signature', other((document) => Object.assign(document, { approvalSeconds: 60.5 }))],
    ['with half a person', other(({ classes: of }) => Object.assign(of.basic, { quorum: 2.5 }))],
    ['without a class', other(({ classes: of }) => delete (of as Partial<Policy['classes']>).strict)],
    ['with fields in two orders', other(({ breakGlass }) => breakGlass.fields.reverse())],
    ...Object.keys(builtInPolicy.classes.basic).map((ceiling): [string, unknown] => [
      `with a class without ${ceiling}`,
      other(({ classes: of }) => delete (of.basic as Record<string, number>)[ceiling]),
    ]),
    ...Object.keys(builtInPolicy).map((member): [string, unknown] => [
      `without its ${member}`,
      other((document) => delete document[member]),
    ]),
  ])('%s', (_what, document) => expect(PolicyDocument.safeParse(document).success).toBe(false));
  it('and is told which order was meant', () => {
    const turned = other(({ breakGlass }) => breakGlass.fields.reverse());
    expect(PolicyDocument.safeParse(turned).error?.issues[0]?.message).toBe('in order, each once');
  });
  it('unless it says at most that nothing may be opened, and at once', () => {
    const least = other((document) => {
      for (const name of classes) Object.assign(document.classes[name], { mostRecords: 0, quorum: 0 });
      Object.assign(document, { requestOpenSeconds: 60, approvalSeconds: 60, version: 1 });
    });
    expect(PolicyDocument.parse(least)).toEqual(least);
  });
});

describe('what approvers are shown', () => {
  const [one, two, three] = sessions as [SessionOfSubject, SessionOfSubject, SessionOfSubject];
  it('counts subjects once, and names the classes of all fields', () => {
    const scope = scopeOf({ fields: ['url', 'other', 'kind'], sessions: [one, two, three] });
    const preview = { records: 7, subjects: 2, sessions: 3 };
    expect(previewOf(builtInPolicy, scope, 7)).toEqual({ ...preview, classes: ['basic', classOf('url'), 'strict'] });
  });
  it('is judged with each session once', () => {
    const scope = scopeOf({ fields: ['url'], sessions: [one, two, three, one], records: 5, disclosures: 6 });
    expect(termsOf(scope)).toEqual({
      fields: ['url'],
      durationSeconds: 3600,
      records: 5,
      disclosures: 6,
      subjects: 2,
      sessions: 3,
    });
  });
});

describe('a policy is refused, whoever signs it,', () => {
  const all = (of: Mutable<Policy>['classes'], change: (release: Mutable<Policy>['classes']['basic']) => void) =>
    classes.forEach((name) => change(of[name]));
  it.each<[string, string, Change, Change | undefined]>([
    ['if one person is enough', 'quorum_too_small', ({ classes: of }) => all(of, (one) => (one.quorum = 1)), ({ classes: of }) => all(of, (one) => (one.quorum = 2))],
    ['if nobody has to sign', 'quorum_too_small', ({ classes: of }) => (of.basic.quorum = 0), undefined],
    ['if what nobody looked at is not strict', 'strict_field_lowered', ({ fields: named }) => (named.other = 'private'), ({ fields: named }) => delete named.other],
    ['if what holds a secret is not strict', 'strict_field_lowered', ({ fields: named }) => (named.raised = 'basic'), undefined],
    ['if private conversations are not strict', 'strict_field_lowered', ({ fields: named }) => (named.conversation = 'private'), undefined],
    ['if a stricter class takes fewer people', 'stricter_class_milder', ({ classes: of }) => (of.basic.quorum = 3), ({ classes: of }) => (of.strict.quorum = 2)],
    ['if a stricter class goes further', 'stricter_class_milder', ({ classes: of }) => (of.basic.mostRecords = 5), undefined],
    ['if a grant lasts more than a week', 'duration_too_long', ({ classes: of }) => (of.basic.longestSeconds = 7 * day + 1), ({ classes: of }) => (of.basic.longestSeconds = 7 * day)],
    ['if a strict one lasts more than two days', 'duration_too_long', ({ classes: of }) => (of.strict.longestSeconds = of.private.longestSeconds = 2 * day + 1), ({ classes: of }) => (of.strict.longestSeconds = 2 * day)],
    ['if a budget is without measure', 'budget_too_large', ({ classes: of }) => (of.basic.mostRecords = 10_000_001), ({ classes: of }) => (of.basic.mostRecords = 10_000_000)],
    ['if a scope takes everybody', 'scope_too_large', ({ classes: of }) => (of.basic.mostSubjects = 401), ({ classes: of }) => (of.basic.mostSubjects = 400)],
    ['if everybody may reach a field', 'reach_too_wide', ({ classes: of }) => (of.basic.mostPersonsAtOnce = 101), ({ classes: of }) => (of.basic.mostPersonsAtOnce = 100)],
    ['if one person may reach everybody', 'reach_too_wide', ({ classes: of }) => (of.basic.mostSubjectsAtOnce = 10_001), ({ classes: of }) => (of.basic.mostSubjectsAtOnce = 10_000)],
    ['if a request waits for a month', 'request_open_too_long', (policy) => (policy.requestOpenSeconds = 14 * day + 1), (policy) => (policy.requestOpenSeconds = 14 * day)],
    ['if a signature can be kept', 'approval_kept_too_long', (policy) => (policy.approvalSeconds = 2 * day + 1), (policy) => (policy.approvalSeconds = 2 * day)],
    ['if a glass stays broken', 'break_glass_too_long', ({ breakGlass }) => (breakGlass.longestSeconds = 1801), ({ breakGlass }) => (breakGlass.longestSeconds = 1800)],
    ['if a broken glass opens much', 'break_glass_too_large', ({ breakGlass }) => (breakGlass.mostRecords = 1001), ({ breakGlass }) => (breakGlass.mostRecords = 1000)],
    ['if a broken glass opens what is strict', 'break_glass_strict_field', (policy) => (policy.fields.typed = 'strict'), (policy) => Object.assign(policy.breakGlass, { fields: ['kind'] }, delete policy.fields.typed)],
  ])('%s (%s)', (_what, floor, below, last) => {
    expect(belowFloors(PolicyDocument.parse(policyWith(below)))).toEqual([floor]);
    if (last !== undefined) expect(belowFloors(policyWith(last))).toEqual([]);
  }); // prettier-ignore
  it('by every floor that it is below', () =>
    expect(
      belowFloors(policyWith((policy) => Object.assign(policy, { approvalSeconds: 1e9, requestOpenSeconds: 1e9 }))),
    ).toEqual(['request_open_too_long', 'approval_kept_too_long']));
});

describe('the built-in policy', () => {
  it('is a policy, not below any floor, and gives each field its class of the catalogue', () => {
    expect(PolicyDocument.parse(builtInPolicy)).toEqual(builtInPolicy);
    expect(belowFloors(builtInPolicy)).toEqual([]);
    for (const field of fieldNames) expect(classIn(builtInPolicy, field)).toBe(classOf(field));
  });
  it('is the one that logs were begun with: changed, it unmakes what was granted there', () =>
    expect(toHex(policyHash(builtInPolicy))).toBe('07937734067d0e2dd2e46da23342444066dd43ed5a791e702c55eda197d5f161'));
  it('has one hash, however its members are ordered, and another policy has another', () => {
    const turned = Object.fromEntries(Object.entries(builtInPolicy).reverse()) as Policy;
    expect(policyHash(turned)).toEqual(policyHash(builtInPolicy));
    for (const other of [
      policyWith((policy) => (policy.version = 2)),
      policyWith((policy) => delete policy.fields.url),
      policyWith(({ classes: of }) => (of.basic.mostSubjects = 399)),
    ]) {
      expect(policyHash(other)).not.toEqual(policyHash(builtInPolicy));
    }
  });
});

describe('a scope is above a ceiling', () => {
  const most = { durationSeconds: day, records: 100_000, disclosures: 100, subjects: 100, sessions: 400 };
  const terms = { fields: ['kind', 'other'] as const, ...most };
  it.each([
    ['durationSeconds', 'duration_above_ceiling'],
    ['records', 'records_above_ceiling'],
    ['disclosures', 'disclosures_above_ceiling'],
    ['subjects', 'subjects_above_ceiling'],
    ['sessions', 'sessions_above_ceiling'],
  ] as const)('by its %s', (what, rule) => {
    expect(aboveCeilings(builtInPolicy, terms)).toEqual([]);
    expect(aboveCeilings(builtInPolicy, { ...terms, [what]: most[what] + 1 })).toEqual([rule]);
    expect(aboveCeilings(builtInPolicy, { ...terms, [what]: NaN })).toEqual([rule]);
  });
  it('in everything, if it names no field', () =>
    expect(aboveCeilings(builtInPolicy, { ...terms, fields: [] })).toHaveLength(5));
  it('by the strictest class among its fields only', () => {
    const mild = fieldNames.filter((field) => fields[field].class === 'basic');
    const wide = { durationSeconds: 7 * day, records: 1e7, disclosures: 1e4, subjects: 400, sessions: 400 };
    expect(aboveCeilings(builtInPolicy, { ...wide, fields: mild })).toEqual([]);
  });
});
