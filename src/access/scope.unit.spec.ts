import fc from 'fast-check';
import { fieldNames } from '../log/fields.js';
import { encodeHeader, mostHeaderBytes, type Entry } from '../log/header.js';
import { requestId, scopeOf, session, sessions, subject } from './given.spec.js';
import { isNonEmpty, type NonEmpty } from './non-empty.js';
import { builtInPolicy } from './built-in-policy.js';
import { previewOf } from './policy.js';
import { freezeScope, FrozenScope, mostSessions, ScopeBody, scopeHash, SubjectsOfSessions } from './scope.js';

const body = (patch: object = {}) => ({
  fields: ['url', 'typed'],
  sessions: ['ses-1'],
  from: 1000,
  to: 2000,
  purpose: 'to find out why it failed',
  durationSeconds: 7200,
  budget: { records: 100, disclosures: 3 },
  ...patch,
});
const names = (count: number) => Array.from({ length: count }, (_, index) => `ses-${index}`);
const takes = (patch: object) => ScopeBody.safeParse(body(patch)).success;

describe('a wildcard cannot be written', () => {
  it.each(['*', '**', 'ses-*', '', ' ', '%', 'all sessions', '.*', null, true])('as the session %p', (one) => {
    expect(takes({ sessions: [one] })).toBe(false);
    expect(takes({ sessions: [], subjects: [one] })).toBe(false);
  });
  it.each(['*', 'all', 'any', 'typed.*', 'screen.*', '', '__proto__', 'constructor'])('as the field %p', (field) => {
    expect(takes({ fields: [field] })).toBe(false);
    expect(takes({ fields: ['url', field] })).toBe(false);
  });
  it.each(['all', '*', undefined, null, {}])('as %p in place of a list of fields', (fields) =>
    expect(takes({ fields })).toBe(false),
  );
  it.each(['all', '*', null, {}])('as %p in place of a list of sessions', (list) => {
    expect(takes({ sessions: list })).toBe(false);
    expect(takes({ subjects: list })).toBe(false);
  });
  it('as an empty list of fields', () => expect(takes({ fields: [] })).toBe(false));
  it('as empty lists of sessions and subjects', () => {
    expect(takes({ sessions: [] })).toBe(false);
    expect(takes({ sessions: undefined })).toBe(false);
    expect(takes({ sessions: [], subjects: [] })).toBe(false);
  });
  it('as the id "all": that is the session of that name and no other', () => {
    const asked = ScopeBody.parse(body({ sessions: ['all'] }));
    const named = { session: session('all'), subject: subject('sub-9') };
    expect(freezeScope(asked, [named]).sessions).toEqual([named]);
  });
});

describe('a request is not taken', () => {
  it('with a key that nobody knows', () => {
    expect(takes({ everything: true })).toBe(false);
    expect(takes({ budget: { records: 1, disclosures: 1, subjects: 1 } })).toBe(false);
  });
  it('with one field twice', () => expect(takes({ fields: ['url', 'url'] })).toBe(false));
  it('for a range of time that is empty or turned round', () => {
    expect(takes({ from: 2000, to: 2000 })).toBe(false);
    expect(takes({ from: 2001, to: 2000 })).toBe(false);
  });
  it.each([1000.5, NaN, Infinity, -1, '1000', 2 ** 53])('with the time %p', (to) => expect(takes({ to })).toBe(false));
  it.each([
    ['a control character', 'to find out\u001b[2K why'],
    ['a second line', 'to find out why\nApproved: yes'],
    ['a line separator', 'to find out\u2028 why'],
    ['text that runs the other way', 'to find out \u202ewhy'],
    ['half a character', 'to find out why \ud800'],
  ])('with %s in its purpose', (_what, purpose) => expect(takes({ purpose })).toBe(false));
  it('with white space for a purpose', () => expect(takes({ purpose: ' '.repeat(50) })).toBe(false));
});

describe('the last that is taken, the first that is not', () => {
  const budget = { records: 1, disclosures: 1 };
  it.each([
    ['fields', { fields: fieldNames }, { fields: [...fieldNames, 'url'] }],
    ['sessions', { sessions: names(mostSessions) }, { sessions: names(mostSessions + 1) }],
    ['subjects', { subjects: names(400) }, { subjects: names(401) }],
    ['purpose, short', { purpose: 'x'.repeat(10) }, { purpose: 'x'.repeat(9) }],
    ['purpose, long', { purpose: 'x'.repeat(500) }, { purpose: 'x'.repeat(501) }],
    ['duration, short', { durationSeconds: 1 }, { durationSeconds: 0 }],
    ['duration, long', { durationSeconds: 604_800 }, { durationSeconds: 604_801 }],
    ['records, few', { budget }, { budget: { ...budget, records: 0 } }],
    ['records, many', { budget: { ...budget, records: 1e7 } }, { budget: { ...budget, records: 1e7 + 1 } }],
    ['disclosures, few', { budget }, { budget: { ...budget, disclosures: 0 } }],
    ['disclosures, many', { budget: { ...budget, disclosures: 1e4 } }, { budget: { ...budget, disclosures: 1e4 + 1 } }],
    ['range', { from: 1999 }, { from: 2000 }],
  ])('%s', (_what, last, first) => {
    expect(takes(last)).toBe(true);
    expect(takes(first)).toBe(false);
  });
});

describe('a frozen scope', () => {
  const order = fc.shuffledSubarray([...sessions], { minLength: 1 });
  const fields = fc.shuffledSubarray(fieldNames, { minLength: 1 });

  it('is the same, and has one hash, in whatever order it was asked', () =>
    fc.assert(
      fc.property(order, fields, fc.infiniteStream(fc.nat()), (list, asked, random) => {
        const shuffled = [...list].sort(() => (random.next().value % 2 ? 1 : -1));
        const one = freezeScope(ScopeBody.parse(body({ fields: asked })), nonEmpty(list));
        const other = freezeScope(ScopeBody.parse(body({ fields: [...asked].reverse() })), nonEmpty(shuffled));
        expect(other).toEqual(one);
        expect(scopeHash(other)).toEqual(scopeHash(one));
        expect(FrozenScope.parse(one)).toEqual(one);
      }),
    ));
  it('names a session once, however often it was found', () => {
    const [one, two] = sessions as [(typeof sessions)[0], (typeof sessions)[0]];
    expect(freezeScope(ScopeBody.parse(body()), [two, one, two]).sessions).toEqual([one, two]);
  });
  it('says whose each of its sessions is, and of no other', () =>
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 30 }), { maxLength: 20 }), (some) => {
        const named = some.map((n) => ({ session: session(`ses-${n}`), subject: subject(`sub-${n % 5}`) }));
        const list = named.sort((a, b) => (a.session < b.session ? -1 : 1));
        const found = new SubjectsOfSessions(list);
        for (const one of [...names(31), '', 'ses', 'z'].map(session)) {
          expect(found.get(one)).toBe(list.find((of) => of.session === one)?.subject);
        }
      }),
    ));
  it('has another hash if anything in it differs', () => {
    const scope = scopeOf();
    const others = [
      { ...scope, fields: ['typed'] as const },
      { ...scope, sessions: scope.sessions.slice(0, 1) },
      { ...scope, from: scope.from + 1 },
      { ...scope, to: scope.to + 1 },
      { ...scope, purpose: `${scope.purpose}.` },
      { ...scope, durationSeconds: scope.durationSeconds + 1 },
      { ...scope, budget: { ...scope.budget, records: 101 } },
      { ...scope, budget: { ...scope.budget, disclosures: 4 } },
    ];
    const hashes = [scope, ...others].map((one) => Buffer.from(scopeHash(one)).toString('hex'));
    expect(new Set(hashes).size).toBe(hashes.length);
  });
  it('is refused for a session of two subjects', () => {
    const two = [sessions[0], { ...sessions[0], subject: subject('sub-2') }] as unknown as NonEmpty<
      (typeof sessions)[0]
    >;
    expect(() => freezeScope(ScopeBody.parse(body()), two)).toThrow('a session has two subjects');
  });
  it.each([
    ['fields out of order', { fields: ['url', 'typed'] }],
    ['a field twice', { fields: ['url', 'url'] }],
    ['no fields', { fields: [] }],
    ['no sessions', { sessions: [] }],
    ['sessions out of order', { sessions: [...sessions].reverse() }],
    ['a session twice', { sessions: [sessions[0], sessions[0]] }],
    [
      'too many sessions',
      {
        sessions: names(mostSessions + 1)
          .sort()
          .map((one) => ({ session: one, subject: 's' })),
      },
    ],
    ['a field that nobody knows', { fields: ['everything'] }],
    ['another member', { all: true }],
  ])('is none with %s', (_what, patch) =>
    expect(FrozenScope.safeParse({ ...scopeOf(), ...patch }).success).toBe(false),
  );
});

it('the largest scope with the longest ids fits into one header', () => {
  const longest = (index: number) => `${'s'.repeat(60)}${String(index).padStart(4, '0')}`;
  const everything = Array.from({ length: mostSessions }, (_, index) => ({
    session: session(longest(index)),
    subject: subject(longest(index)),
  }));
  const most = { fields: fieldNames, purpose: '\u6f22'.repeat(500), budget: { records: 1e7, disclosures: 1e4 } };
  const asked = body({ ...most, from: 8.63e15, to: 8.64e15, durationSeconds: 604_800 });
  const scope = freezeScope(ScopeBody.parse(asked), nonEmpty(everything));
  const entry = {
    ...{ position: 2 ** 52, id: new Uint8Array(16), stream: `request/${requestId(0)}`, version: 0, at: 8.64e15 },
    ...{ type: 'request.made', actor: 'r'.repeat(128), columns: [] },
    data: {
      ...{ request: requestId(0), scope, scopeHash: scopeHash(scope), policyHash: new Uint8Array(32) },
      ...{ preview: previewOf(builtInPolicy, scope, 1e7), expiresAt: 8.64e15 },
    },
  };
  expect(encodeHeader(entry as unknown as Entry).length).toBeGreaterThan(mostHeaderBytes * 0.9);
});

describe('a preview', () => {
  it('counts people, not their sessions, and names each class once, mildest first', () =>
    expect(previewOf(builtInPolicy, scopeOf({ fields: ['typed', 'prompt', 'other', 'kind'], sessions }), 42)).toEqual({
      records: 42,
      subjects: 2,
      sessions: 3,
      classes: ['basic', 'private', 'strict'],
    }));
});

function nonEmpty<T>(list: readonly T[]): NonEmpty<T> {
  if (!isNonEmpty(list)) throw new Error('empty');
  return list;
}
