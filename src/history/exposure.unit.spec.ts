import fc from 'fast-check';
import type { AccessState } from '../access/access-state.js';
import { builtInPolicy } from '../access/built-in-policy.js';
import { withPolicy } from '../access/policy-change.js';
import { accessSlice } from '../access/evolve.js';
import { actSigned, policyChanged, policyWith } from '../access/given-policy.spec.js';
import {
  authorityOf,
  enrolKeys,
  entry,
  erased,
  granted,
  grantId,
  later,
  lockId,
  locked,
  person,
  requested,
  revoked,
  session,
  sessions,
  start,
  subject,
  tell,
  type Step,
} from '../access/given.spec.js';
import type { Policy } from '../access/policy.js';
import { authoritySlice } from '../identity/evolve-authority.js';
import { noOther } from '../identity/given-acts.spec.js';
import { governs, type LockTarget } from '../log/entries.js';
import type { Entry } from '../log/header.js';
import { fieldNames, type FieldName } from '../log/fields.js';
import { couldByForce, didByForce, type World } from './exposure.oracle.spec.js';
import { Exposure, told, type ExposureFilter } from './exposure.js';
import type { ExposureRow } from './exposure-rows.js';

beforeAll(enrolKeys);

const fields = ['kind', 'url', 'typed', 'other'] as const satisfies FieldName[];
const holders = ['researcher', 'researcher2'];

/** The states after the first 0, 1, 2 … entries. */
function statesOf(entries: readonly Entry[]): AccessState[] {
  const [first, second] = [authoritySlice(authorityOf()), accessSlice(authorityOf(), builtInPolicy)];
  let [authority, access] = [first.empty, second.empty];
  const states = [access];
  for (const one of entries) {
    authority = first.evolve(authority, one, noOther);
    access = second.evolve(access, one, <S>() => authority as S);
    states.push(access);
  }
  return states;
}

const worldOf = (entries: readonly Entry[], policy?: Policy): World => ({
  entries,
  states: statesOf(entries).map((state) => (policy === undefined ? state : withPolicy(state, policy))),
  persons: [...holders, 'approver1'].map(person),
  grants: [0, 1, 2].map(grantId),
  sessions,
  fields,
});

interface Asking {
  from: { position: number; at: number };
  to: { position: number; at: number };
  filter?: ExposureFilter;
  window?: { after: number; limit: number };
  policy?: Policy;
}
function exposureOf(entries: readonly Entry[], { from, to, filter = {}, window, policy }: Asking) {
  const states = statesOf(entries);
  const asked = { from, filter, window: window ?? { after: 0, limit: 100_000 }, ...(policy && { policy }) };
  const exposure = new Exposure(asked, states[from.position] as AccessState);
  for (const one of entries.slice(from.position, to.position)) {
    if (!governs[one.type] && !told.has(one.type)) exposure.pass(one.position, one.at);
    else exposure.add(states[one.position] as AccessState, one, states[one.position + 1] as AccessState);
  }
  return exposure.end(to);
}

/** Each row by its triples. */
const couldLines = (rows: readonly ExposureRow[]): string[] =>
  rows
    .flatMap((row) => {
      if (row.kind === 'did') return [];
      const { since, until } = row;
      const end = until === null ? 'still' : `${until.position} ${until.at}`;
      return row.sessions.flatMap((one) =>
        row.fields.map(
          (field) => `${row.person} ${row.grant} ${one.session} ${field} ${since.position} ${since.at} ${end}`,
        ),
      );
    })
    .sort();
const didLines = (rows: readonly ExposureRow[]): string[] =>
  rows.flatMap((row) => (row.kind === 'did' ? [`${row.position} ${row.person} ${row.session} ${row.records} ${row.outcome} ${row.allowed}`] : [])); // prettier-ignore

const slot = fc.constantFrom(0, 0, 1, 2);
const targets = fc.constantFrom<LockTarget>(
  { kind: 'all' },
  { kind: 'field', field: 'url' },
  { kind: 'field', field: 'typed' },
  { kind: 'subject', subject: subject('sub-1') },
  { kind: 'subject', subject: subject('sub-2') },
  { kind: 'person', person: person('researcher2') },
  { kind: 'grant', grant: grantId(0) },
);
const terms = fc.record({
  by: fc.constantFrom(...holders),
  fields: fc.subarray([...fields], { minLength: 1 }),
  sessions: fc.subarray([...sessions], { minLength: 1 }),
  records: fc.integer({ min: 1, max: 30 }),
  disclosures: fc.integer({ min: 1, max: 2 }),
  durationSeconds: fc.integer({ min: 1, max: 4 }),
});
const grants = fc.tuple(slot, terms).map(([n, options]) => granted({ ...options, n }));
/** Spent, in time, locked or run out: a history begins with a grant that something may happen to. */
const first = terms.map((options) => granted({ ...options, n: 0, by: 'researcher' }));
const releases = fc
  .record({
    n: fc.constantFrom(0, 0, 0, 1, 2),
    by: fc.constantFrom('researcher', 'researcher', ...holders),
    of: fc.constantFrom(...sessions),
    records: fc.nat({ max: 8 }),
  })
  .map(({ n, by, of, records }) =>
    entry(
      'disclosure.made',
      { grant: grantId(n), session: of.session, fields: ['url'], versions: 1, records },
      { actor: person(by), subject: of.subject },
    ),
  );
/** Of one of the releases so far, or of nothing. */
const completions = fc
  .record({
    back: fc.nat({ max: 6 }),
    outcome: fc.constantFrom('delivered', 'broken_off', 'failed'),
    records: fc.nat({ max: 5 }),
  })
  .map(({ back, ...data }): Step => (told) => {
    const open = told.entries.filter(({ position, type }) => type === 'disclosure.made' && !told.entries.some((one) => one.type === 'disclosure.completed' && one.data.disclosure === position)); // prettier-ignore
    const disclosure = open[open.length - 1 - back]?.position ?? 999;
    return entry('disclosure.completed', { disclosure, ...data } as never)(told);
  });
const steps = fc.oneof(
  { weight: 6, arbitrary: grants },
  { weight: 8, arbitrary: releases },
  { weight: 3, arbitrary: completions },
  { weight: 3, arbitrary: fc.tuple(targets, fc.constantFrom(0, 1)).map(([target, n]) => locked(target, n)) },
  { weight: 3, arbitrary: fc.constantFrom(0, 1).map((n) => actSigned({ kind: 'lock.lift', body: { lock: lockId(n) } }, ['officer1', 'officer2'])) },
  { weight: 1, arbitrary: slot.map(revoked) },
  { weight: 1, arbitrary: fc.constantFrom('sub-1', 'sub-2').map(erased) },
  { weight: 1, arbitrary: fc.constant(requested({ n: 3 })) },
  { weight: 3, arbitrary: fc.constant(entry('session.opened', { session: sessions[0]!.session, format: 'rrweb' })) },
  { weight: 1, arbitrary: fc.constantFrom(2, 3, 4).map((quorum) => policyChanged((policy) => ((policy.classes.private.quorum = Math.min(quorum, 3)), (policy.classes.strict.quorum = Math.max(quorum, 3))))) },
  { weight: 5, arbitrary: fc.constantFrom(1, 500, 1000, 1000, 2000, 2500).map(later) },
); // prettier-ignore
const histories = fc
  .tuple(first, fc.array(steps, { minLength: 1, maxLength: 14 }))
  .map(([one, rest]) => [one, ...rest]);
/** Near the ends of the log as often as anywhere. */
const size = fc.oneof(fc.nat(), fc.nat({ max: 6 }));
const cuts = fc.tuple(size, size, fc.nat({ max: 2 }), fc.nat({ max: 2 }));

/** Two moments: sizes, each at a time from that of its last entry up to, and not with, that of the next one. */
function spanIn(entries: readonly Entry[], [a, b, x, y]: readonly [number, number, number, number]) {
  const [one, other] = [a % (entries.length + 1), entries.length - (b % (entries.length + 1))];
  const [first, last] = [Math.min(one, other), Math.max(one, other)];
  const timeAt = (size: number, where: number) => {
    const least = size === 0 ? start - 10 : (entries[size - 1] as Entry).at;
    const most = Math.max(least, size === entries.length ? least + 9000 : (entries[size] as Entry).at - 1);
    return [least, most, Math.floor((least + most) / 2)][where] as number;
  };
  const from = { position: first, at: timeAt(first, x) };
  const to = { position: last, at: timeAt(last, y) };
  return { from, to: { ...to, at: Math.max(to.at, from.at) } };
}

const runs = Number(process.env['ORACLE_CASES'] ?? 200);

describe('exposure is what force finds', () => {
  it('of all that everybody could read, and did, between any two moments', () => {
    const seen = { still: 0, ranOut: 0, ended: 0, unknown: 0 };
    fc.assert(
      fc.property(histories, cuts, (history, cut) => {
        const { entries } = tell(...history);
        const { from, to } = spanIn(entries, cut);
        const { rows, summary } = exposureOf(entries, { from, to });
        const world = worldOf(entries);
        expect(couldLines(rows)).toEqual(couldByForce(world, from, to));
        expect(didLines(rows).sort()).toEqual(didByForce(world, from, to).sort());
        expect(summary.rows).toBe(rows.length);
        for (const row of rows) {
          if (row.kind === 'did') seen.unknown += row.outcome === 'unknown' ? 1 : 0;
          else seen[row.until === null ? 'still' : row.until.position === null ? 'ranOut' : 'ended'] += 1;
        }
      }),
      { numRuns: runs },
    );
    // Some dozens of each, in every run that was looked at: none would mean that nothing is tried.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  });

  it('where times go back, as only whoever holds service and database can make them', () => {
    const turned = fc.array(
      fc.oneof({ weight: 3, arbitrary: steps }, { weight: 1, arbitrary: fc.constantFrom(5000, -900, -2500, -5000).map(later) }), // prettier-ignore
      { minLength: 1, maxLength: 14 },
    );
    fc.assert(
      fc.property(first, turned, fc.nat(), (one, rest, cut) => {
        const { entries } = tell(one, ...rest);
        const size = cut % entries.length;
        const from = { position: size, at: size === 0 ? start - 10 : (entries[size - 1] as Entry).at };
        const to = { position: entries.length, at: (entries.at(-1) as Entry).at };
        const { rows } = exposureOf(entries, { from, to });
        expect(couldLines(rows)).toEqual(couldByForce(worldOf(entries), from, to));
      }),
      { numRuns: runs },
    );
  });

  it('for one person, subject, session or field as well, and page by page', () => {
    const filters = fc.record(
      {
        person: fc.constantFrom(...holders).map(person),
        subject: fc.constantFrom('sub-1', 'sub-2').map(subject),
        session: fc.constantFrom('ses-1', 'ses-3').map(session),
        field: fc.constantFrom(...fields),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(histories, cuts, filters, fc.integer({ min: 1, max: 3 }), (history, cut, filter, limit) => {
        const { entries } = tell(...history);
        const { from, to } = spanIn(entries, cut);
        const world = worldOf(entries);
        const narrowed: World = {
          ...world,
          persons: world.persons.filter((one) => (filter.person ?? one) === one),
          sessions: sessions.filter((one) => (filter.subject ?? one.subject) === one.subject && (filter.session ?? one.session) === one.session),
          fields: fields.filter((one) => (filter.field ?? one) === one),
        }; // prettier-ignore
        const whole = exposureOf(entries, { from, to, filter });
        expect(couldLines(whole.rows)).toEqual(couldByForce(narrowed, from, to));
        const pages: ExposureRow[] = [];
        for (let after: number | null = 0; after !== null;) {
          const { rows, next, summary } = exposureOf(entries, { from, to, filter, window: { after, limit } });
          expect(summary).toEqual(whole.summary);
          pages.push(...rows);
          after = next;
        }
        expect(pages).toEqual(whole.rows);
      }),
      { numRuns: runs },
    );
  });

  it('as if another policy had been in force', () => {
    const laxer = policyWith((policy) => (policy.classes.private.quorum = 2));
    const stricter = policyWith((policy) => ((policy.classes.private.quorum = 3), (policy.classes.strict.quorum = 4)));
    fc.assert(
      fc.property(histories, cuts, fc.constantFrom(laxer, stricter), (history, cut, policy) => {
        const { entries } = tell(...history);
        const { from, to } = spanIn(entries, cut);
        const { rows } = exposureOf(entries, { from, to, policy });
        const world = worldOf(entries, policy);
        expect(couldLines(rows)).toEqual(couldByForce(world, from, to));
        expect(didLines(rows).sort()).toEqual(didByForce(world, from, to).sort());
      }),
      { numRuns: runs },
    );
  });
});

/** A release of one record, in order, of whose entry a stolen service has written something else. */
const releaseSaying = (said: object, { of = 'sub-1' }: { of?: string | null } = {}): Step =>
  entry(
    'disclosure.made',
    { grant: grantId(0), session: session('ses-1'), fields: ['url'], versions: 1, records: 1, ...said } as never,
    { actor: person('researcher'), ...(of === null ? {} : { subject: subject(of) }) },
  );
const endSaying = (said: object): Step =>
  entry('disclosure.completed', { disclosure: 0, records: 1, outcome: 'delivered', ...said } as never);
const exposed = (steps: readonly Step[], filter: ExposureFilter = {}) => {
  const { entries } = tell(granted({ by: 'researcher', records: 30 }), ...steps);
  const to = { position: entries.length, at: (entries.at(-1) as Entry).at };
  const { summary, rows } = exposureOf(entries, { from: { position: 0, at: start - 10 }, to, filter });
  return { summary, did: rows.flatMap((row) => (row.kind === 'did' ? [row] : [])), last: entries.length - 1 };
};

describe('a release whose entry says what no honest service writes counts as exposed', () => {
  it.each([
    ['fields that are a text', { fields: 'url' }],
    ['fields that are none', { fields: [] }],
    ['fields that nobody knows', { fields: ['nope'] }],
    ['no fields', { fields: null }],
  ])('with %s: it is of every field', (_what, said) => {
    for (const field of [undefined, 'screen'] as const) {
      const { did } = exposed([releaseSaying(said)], field === undefined ? {} : { field });
      expect(did).toEqual([expect.objectContaining({ fields: fieldNames, allowed: false, outcome: 'unknown' })]);
    }
  });

  it.each([['10'], [-10], [2.5], [null], [{}]])('with %p for its records: it is of all that was left', (records) => {
    const { did, summary } = exposed([releaseSaying({ records }), releaseSaying({})]);
    expect(did.map((row) => row.records)).toEqual([30, 1]);
    expect(summary.did).toMatchObject({ records: 31, unknown: 2 });
  });

  it('whoever is asked about, where it does not say whose session it is, or which', () => {
    const nobodys = [releaseSaying({ session: 'ses-9' }, { of: null })];
    for (const one of ['sub-1', 'sub-2']) expect(exposed(nobodys, { subject: subject(one) }).did).toHaveLength(1);
    for (const said of [{ session: 7 }, { session: 'a\nb' }])
      expect(exposed([releaseSaying(said)], { session: session('ses-2') }).did).toHaveLength(1);
  });

  it('of the subject whose session signers named, whatever else the header says', () => {
    const { did, summary } = exposed([releaseSaying({}, { of: 'sub-2' })], { subject: subject('sub-1') });
    expect(did).toMatchObject([{ subject: 'sub-1', allowed: false }]);
    expect(summary.did.subjects).toBe(1);
  });

  it.each([
    ['an outcome that is none', { outcome: 'notAllowed' }],
    ['an outcome of its own', { outcome: '__proto__' }],
    ['fewer records than none', { records: -1000 }],
    ['records that are a text', { records: '0' }],
  ])('and stays unknown after an end with %s', (_what, said) => {
    const release = exposed([releaseSaying({})]).last;
    const { summary, did } = exposed([releaseSaying({}), endSaying({ disclosure: release, ...said })]);
    expect(did).toMatchObject([{ records: 1, outcome: 'unknown', allowed: true }]);
    expect(summary.did).toMatchObject({ delivered: 0, unknown: 1, records: 1, notAllowed: 0 });
  });
});
