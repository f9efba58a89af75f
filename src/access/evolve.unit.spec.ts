import fc from 'fast-check';
import { governs, type EntryType, type RequestMade } from '../log/entries.js';
import type { Entry } from '../log/header.js';
import type { Position } from '../log/ids.js';
import { emptyAccess, statusOf } from './access-state.js';
import { envelopeText } from '../identity/signed-statement.js';
import { evolve } from './evolve.js';
import {
  after,
  approved,
  disclosed,
  enrolKeys,
  entry,
  envelopeBy,
  erased,
  grantId,
  granted,
  later,
  rejected,
  requested,
  requestId,
  revoked,
  scopeOf,
  sessions,
  start,
  stateOf,
  subject,
  tell,
  authorityOf,
  type Step,
} from './given.spec.js';
import { builtInPolicy } from './built-in-policy.js';
import { previewOf } from './policy.js';
import { scopeHash } from './scope.js';

beforeAll(enrolKeys);

const week = 7 * 24 * 3600 * 1000;
const preview = previewOf(builtInPolicy, scopeOf(), 7);
const above = scopeOf({ fields: ['other'], records: 100_001 });

/** The state itself, not one that looks like it: `custos verify` tells by this that an entry did not count. */
function changesNothing(before: readonly Step[], step: Step): void {
  const told = tell(...before);
  const state = stateOf(told);
  expect(evolve(state, step(told).entries.at(-1) as Entry)).toBe(state);
}

describe('a request changes nothing', () => {
  it.each<[string, Partial<RequestMade>]>([
    ['whose hash is of another scope', { scopeHash: new Uint8Array(32) }],
    ['whose hash is cut short', { scopeHash: scopeHash(scopeOf()).slice(0, 31) }],
    ['whose scope is not the one that was hashed', { scope: scopeOf({ fields: ['screen'] }) }],
    ['under another policy', { policyHash: new Uint8Array(32) }],
    ['above a ceiling', { scope: above, scopeHash: scopeHash(above), preview: previewOf(builtInPolicy, above, 7) }],
    ['that stays open for too long', { expiresAt: start + week + 1 }],
    ['that has expired as it is made', { expiresAt: start }],
    ['whose preview hides a subject', { preview: { ...preview, subjects: 0 } }],
    ['whose preview hides a session', { preview: { ...preview, sessions: 1 } }],
    ['whose preview names a milder class', { preview: { ...preview, classes: ['basic'] } }],
  ])('%s', (_what, forged) => changesNothing([], requested({ forged })));
  it.each(['from', 'to', 'sessions', 'fields', 'budget', 'purpose', 'durationSeconds'] as const)(
    'whose scope lacks its %s',
    (member) => {
      const { [member]: _gone, ...scope } = scopeOf();
      const forged = { scope, scopeHash: scopeHash(scope as RequestMade['scope']) } as Partial<RequestMade>;
      changesNothing([], requested({ forged }));
    },
  );
  it('with a wildcard where a list belongs', () => {
    const scope = { ...scopeOf(), sessions: '*' } as unknown as RequestMade['scope'];
    changesNothing([], requested({ forged: { scope, scopeHash: scopeHash(scope) } }));
  });
  it('of the service itself', () => changesNothing([], requested({ by: 'custos' })));
  it('of an id that was used: signatures of the first would count for the second', () => {
    changesNothing([requested(), approved('approver1')], requested({ fields: ['screen'] }));
    changesNothing([granted()], requested({ records: 1000 }));
  });
});

describe('an approval changes nothing', () => {
  const text = (envelope: string): Step => entry('request.approved', { request: requestId(0), envelope });
  it('that nobody signed', () => changesNothing([requested()], text('{}')));
  it('whose signature is of another statement', () => {
    const told = tell(requested());
    const { payload } = envelopeBy(told, 'approver2');
    changesNothing([requested()], text(envelopeText({ ...envelopeBy(told, 'approver1'), payload })));
  });
  it('by a key that the trust file does not name', () => changesNothing([requested()], approved('stranger')));
  it('by the requester', () => changesNothing([requested()], approved('researcher')));
  it('by the subject concerned', () => changesNothing([requested()], approved('subject-1')));
  it('by the same person again, with another key', () =>
    changesNothing([requested(), approved('approver1')], approved('approver1-second')));
  it('of a request that is not there', () => changesNothing([], approved('approver1')));
  it('after the grant is in force', () => changesNothing([granted()], approved('officer1')));
  it('over a checkpoint of a longer log', () =>
    changesNothing(
      [requested()],
      approved('approver1', { statement: { checkpoint: { size: 2, root: '00'.repeat(32) } } }),
    ));
});

describe('a grant', () => {
  it.each([
    [['typed'] as const, 2],
    [['typed', 'other'] as const, 3],
  ])('of %p is in force from signature %i on, and has the id of its request', (fields, quorum) => {
    const signers = (['approver1', 'officer1', 'approver3'] as const).slice(0, quorum).map((key) => approved(key));
    expect(after(requested({ fields }), ...signers.slice(0, -1)).grants.size).toBe(0);
    const grant = after(requested({ fields }), later(500), ...signers).grants.get(grantId(0));
    expect(grant).toMatchObject({ person: 'researcher', position: quorum, at: start + 500, recordsLeft: 100 });
    expect(grant?.expiresAt).toBe(start + 500 + 3_600_000);
  });
  it('never has less than nothing left', () =>
    expect(
      after(granted({ disclosures: 1 }), disclosed({ records: 101 }), disclosed()).grants.get(grantId(0)),
    ).toMatchObject({
      recordsLeft: 0,
      disclosuresLeft: 0,
    }));
  it.each([-1, 0.5, NaN, Infinity, -Infinity, '1', [1]] as number[])(
    'is not charged with %p records, which nobody releases: a budget never grows',
    (records) => changesNothing([granted()], disclosed({ records })),
  );
  it('is charged with what it released, and no other is', () => {
    const { grants } = after(granted(), granted({ n: 1 }), disclosed({ n: 1, records: 30 }));
    expect(grants.get(grantId(0))).toMatchObject({ recordsLeft: 100, disclosuresLeft: 3 });
    expect(grants.get(grantId(1))).toMatchObject({ recordsLeft: 70, disclosuresLeft: 2 });
  });
  it('is revoked once', () =>
    expect(after(granted(), revoked(), revoked()).grants.get(grantId(0))?.revoked?.position).toBe(3));
});

describe('a request is', () => {
  const status = (at: number, ...steps: Step[]) => {
    const state = after(...steps);
    const request = state.requests.get(requestId(0));
    return request && statusOf(state, request, at);
  };
  it.each<[string, number, Step[]]>([
    ['open', start + week - 1, [requested(), approved('approver1')]],
    ['expired', start + week, [requested(), approved('approver1')]],
    ['rejected', start + week, [requested(), rejected()]],
    ['granted', start + 3_599_999, [granted()]],
    ['expired', start + 3_600_000, [granted()]],
    ['revoked', start + week, [granted(), revoked()]],
    ['granted', start, [granted(), rejected()]],
    ['open', start, [requested(), revoked()]],
    ['expired', start + week, [requested(), later(week), rejected()]],
  ])('%s at %i', (expected, at, steps) => expect(status(at, ...steps)).toBe(expected));
});

describe('an erasure', () => {
  it('keeps its first position', () =>
    expect(after(erased('sub-1'), erased('sub-1')).erased.get(subject('sub-1'))).toBe(0));
});

describe('evolve is total', () => {
  const types = Object.keys(governs) as EntryType[];
  const junk = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withTypedArray: true,
    withNullPrototype: true,
  });
  /** Data that is nearly right: members of real entries, some of them replaced. */
  const nearly = fc
    .tuple(
      fc.constantFrom<object>(
        { request: requestId(0), reason: 'because' },
        { grant: grantId(0), reason: 'because' },
        { grant: grantId(0), session: 'ses-1', fields: ['url'], versions: 1, records: 3 },
        { request: requestId(0), scope: scopeOf(), preview, scopeHash: scopeHash(scopeOf()), expiresAt: start + 1000 },
        { request: requestId(0), envelope: '{"payloadType":"application/vnd.custos.approval+json"}' },
      ),
      fc.constantFrom('request', 'grant', 'scope', 'preview', 'envelope', 'records', 'expiresAt', 'scopeHash', 'none'),
      fc.oneof(junk, fc.constantFrom(NaN, -1, Infinity, -Infinity, 2 ** 53)),
    )
    .map(([data, member, value]) => ({ ...data, [member]: value }));
  const entries = fc.record({
    type: fc.constantFrom(...types),
    data: fc.oneof(junk, nearly, nearly),
    at: fc.oneof(fc.nat(), fc.constantFrom(start, NaN, Infinity, -1)),
    actor: fc.oneof(fc.string(), fc.constantFrom('researcher', 'custos'), junk),
    subject: fc.oneof(fc.constantFrom('sub-1', undefined), junk),
  });
  const between = (least: number, most: number) => (left: number) => least <= left && left <= most;

  it('over rows of any shape, which grant nothing and leave each budget between zero and what it was', () =>
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 30 }), fc.boolean(), (list, withGrant) => {
        const told = tell(...(withGrant ? [granted({ sessions })] : []));
        const first = withGrant ? stateOf(told) : emptyAccess(authorityOf(), builtInPolicy);
        const last = list.reduce(
          (state, one, index) =>
            evolve(state, { ...one, position: (told.entries.length + index) as Position } as Entry),
          first,
        );
        expect(last.grants.size).toBe(first.grants.size);
        const left = [...last.grants.values()];
        expect(left.map(({ recordsLeft }) => recordsLeft).every(between(0, 100))).toBe(true);
        expect(left.map(({ disclosuresLeft }) => disclosuresLeft).every(between(0, 3))).toBe(true);
      }),
      { numRuns: 300 },
    ));
});
