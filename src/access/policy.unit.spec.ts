import fc from 'fast-check';
import { classes, classOf, fieldNames } from '../log/fields.js';
import { aboveCeilings, builtInPolicy, ceilings, needed, policyHash, type Policy } from './policy.js';

const day = 24 * 3600;

describe('a quorum', () => {
  it('is never one person, even if a policy says so', () => {
    const release = { ...builtInPolicy.classes.basic, quorum: 1 };
    const lax: Policy = { ...builtInPolicy, classes: { ...builtInPolicy.classes, basic: release } };
    expect(needed(lax, ['kind'])).toBe(2);
    expect(needed(lax, [])).toBe(2);
  });
  it('is the one of the strictest field', () => {
    expect(needed(builtInPolicy, ['time', 'url', 'typed'])).toBe(2);
    expect(needed(builtInPolicy, ['time', 'url', 'typed', 'other'])).toBe(3);
  });
  it('never falls, nor does a ceiling rise, when a field is added', () =>
    fc.assert(
      fc.property(fc.subarray(fieldNames, { minLength: 1 }), fc.constantFrom(...fieldNames), (fields, more) => {
        const [before, after] = [ceilings(builtInPolicy, fields), ceilings(builtInPolicy, [...fields, more])];
        expect(needed(builtInPolicy, [...fields, more])).toBeGreaterThanOrEqual(needed(builtInPolicy, fields));
        expect(after.longestSeconds).toBeLessThanOrEqual(before.longestSeconds);
        expect(after.mostRecords).toBeLessThanOrEqual(before.mostRecords);
        expect(after.mostDisclosures).toBeLessThanOrEqual(before.mostDisclosures);
      }),
    ));
});

describe('the built-in policy', () => {
  it('asks more and gives less from class to class', () =>
    classes.slice(1).forEach((name, index) => {
      const [milder, stricter] = [builtInPolicy.classes[classes[index] ?? name], builtInPolicy.classes[name]];
      expect(stricter.quorum).toBeGreaterThanOrEqual(milder.quorum);
      expect(stricter.longestSeconds).toBeLessThanOrEqual(milder.longestSeconds);
      expect(stricter.mostRecords).toBeLessThanOrEqual(milder.mostRecords);
      expect(stricter.mostDisclosures).toBeLessThanOrEqual(milder.mostDisclosures);
    }));
  it('has one hash, and another policy has another', () => {
    const other = { ...builtInPolicy, version: 2 };
    expect(policyHash(structuredClone(builtInPolicy))).toEqual(policyHash(builtInPolicy));
    expect(policyHash(other)).not.toEqual(policyHash(builtInPolicy));
  });
});

describe('a scope is above a ceiling', () => {
  const scope = (durationSeconds: number, records: number, disclosures: number) => ({
    fields: ['kind', 'other'] as const,
    durationSeconds,
    budget: { records, disclosures },
  });
  it.each([
    ['duration', scope(day, 1, 1), scope(day + 1, 1, 1), 'duration_above_ceiling'],
    ['records', scope(1, 100_000, 1), scope(1, 100_001, 1), 'records_above_ceiling'],
    ['disclosures', scope(1, 1, 100), scope(1, 1, 101), 'disclosures_above_ceiling'],
  ])('by its %s', (_what, last, first, rule) => {
    expect(aboveCeilings(builtInPolicy, last)).toEqual([]);
    expect(aboveCeilings(builtInPolicy, first)).toEqual([rule]);
  });
  it('in everything, if it names no field', () =>
    expect(aboveCeilings(builtInPolicy, { ...scope(1, 1, 1), fields: [] })).toHaveLength(3));
  it('by the strictest class among its fields only', () => {
    const mild = fieldNames.filter((field) => classOf(field) === 'basic');
    expect(aboveCeilings(builtInPolicy, { ...scope(7 * day, 1e7, 1e4), fields: mild })).toEqual([]);
  });
});
