import type { Draft } from '../log/draft.js';
import type { Entry } from '../log/header.js';
import { approveRequest } from './approve-request.js';
import { envelopeText } from '../identity/signed-statement.js';
import { disclose, streamOfDisclosure, type AskedDisclosure } from './disclose.js';
import { evolve } from './evolve.js';
import {
  after,
  approved,
  disclosed,
  enrolKeys,
  entry,
  envelopeBy,
  erased,
  granted,
  grantId,
  later,
  person,
  rejected,
  requested,
  requestId,
  revoked,
  session,
  sessions,
  start,
  stateOf,
  subject,
  tell,
  type Step,
} from './given.spec.js';
import { rejectRequest } from './reject-request.js';
import { requestAccess } from './request-access.js';
import { revokeGrant, type Revoker } from './revoke-grant.js';
import { mostSessions, ScopeBody } from './scope.js';

beforeAll(enrolKeys);

const stream = `request/${requestId(0)}`;
/** What the state is once the drafts are entries. */
const written = (steps: readonly Step[], drafts: readonly Draft[], actor = 'researcher') => {
  const place = (draft: Draft): Step => entry(draft.type, draft.data, { actor: person(actor), ...about(draft) });
  return stateOf([...steps, ...drafts.map(place)].reduce((told, step) => step(told), tell()));
};
const about = ({ subject: one }: Draft) => (one === undefined ? {} : { subject: one });

describe('a request for access is refused', () => {
  const found = sessions.map((one) => ({ ...one, records: 10 }));
  const body = (patch: object = {}) =>
    ScopeBody.parse({
      fields: ['url', 'other'],
      sessions: ['ses-1'],
      from: 1,
      to: 2,
      purpose: 'to find out why it failed',
      durationSeconds: 24 * 3600,
      budget: { records: 100_000, disclosures: 100 },
      ...patch,
    });
  const ask = (steps: Step[], patch: object = {}, list = found) => {
    const asked = { request: requestId(0), requester: person('researcher'), body: body(patch), sessions: list };
    return requestAccess(after(...steps), asked, { at: start });
  };
  const refused = (outcome: ReturnType<typeof ask>, ...rules: string[]) =>
    expect(outcome).toEqual({
      entries: [{ type: 'request.refused', stream, data: { rules } }],
      answer: { kind: 'refused', rules },
    });

  it.each([
    ['duration_above_ceiling', { durationSeconds: 24 * 3600 + 1 }],
    ['records_above_ceiling', { budget: { records: 100_001, disclosures: 100 } }],
    ['disclosures_above_ceiling', { budget: { records: 100_000, disclosures: 101 } }],
  ])('by %s', (rule, patch) => refused(ask([], patch), rule));
  it('if nothing is in its scope', () => refused(ask([], {}, []), 'nothing_in_scope'));
  it('if all that is in its scope was erased', () =>
    refused(ask([erased('sub-1')], {}, found.slice(0, 2)), 'nothing_in_scope'));
  it('one session above the ceiling', () => {
    const many = Array.from({ length: mostSessions + 1 }, (_, index) => ({
      session: session(`s-${index}`),
      subject: subject('sub-1'),
      records: 1,
    }));
    refused(ask([], {}, many), 'sessions_above_ceiling');
    expect(ask([], {}, many.slice(1)).answer.kind).toBe('made');
  });
  it('by every rule that it breaks', () =>
    refused(ask([], { durationSeconds: 604_800 }, []), 'nothing_in_scope', 'duration_above_ceiling'));
  it('by an error if the id was used, or if nobody asks', () => {
    expect(() => ask([requested()])).toThrow('a request of this id was made before');
    const asked = { request: requestId(0), requester: person('custos'), body: body(), sessions: found };
    expect(() => requestAccess(after(), asked, { at: start })).toThrow('the service itself asks for nothing');
  });

  it('or else made, at its ceilings, and counts to evolve', () => {
    const { entries, answer } = ask([]);
    const state = written([], entries);
    expect(answer).toMatchObject({ kind: 'made', request: requestId(0), needed: 3 });
    expect(answer).toMatchObject({
      preview: { records: 30, subjects: 2, sessions: 3, classes: ['sensitive', 'strict'] },
    });
    expect(state.requests.get(requestId(0))).toMatchObject({ requester: 'researcher', needed: 3 });
    expect(answer.kind === 'made' && answer.scopeHash).toBe(state.requests.get(requestId(0))?.scopeHash);
  });
  it('or else made without the sessions of erased subjects', () => {
    const { entries } = ask([erased('sub-1')]);
    const scope = written([erased('sub-1')], entries).requests.get(requestId(0))?.scope;
    expect(scope?.sessions).toEqual(sessions.slice(2));
  });
  it('or else made with each session once, and its records counted once', () =>
    expect(ask([], {}, [...found, ...found]).answer).toMatchObject({ preview: { records: 30, sessions: 3 } }));
});

describe('an approval', () => {
  const handIn = (steps: Step[], by: Parameters<typeof envelopeBy>[1], statement = {}) => {
    const told = tell(...steps);
    const envelope = envelopeBy(told, by, { statement });
    const head = { at: told.at, size: told.entries.length };
    return { envelope, ...approveRequest(stateOf(told), { request: requestId(0), envelope }, head) };
  };

  it('of a request that does not exist leaves no entry', () =>
    expect(handIn([], 'approver1')).toMatchObject({ entries: [], answer: { kind: 'request_unknown' } }));
  it('that is refused is an entry with its rules', () => {
    const rules = ['origin_wrong', 'own_request'];
    expect(handIn([requested()], 'researcher', { origin: 'x' })).toMatchObject({
      entries: [{ type: 'approval.refused', stream, data: { request: requestId(0), rules } }],
      answer: { kind: 'refused', rules },
    });
  });
  it('that is one of several gives no grant yet', () => {
    const { entries, answer, envelope } = handIn([requested()], 'approver1');
    const data = { request: requestId(0), envelope: envelopeText(envelope) };
    expect(entries).toEqual([{ type: 'request.approved', stream, data }]);
    expect(answer).toEqual({
      kind: 'approved',
      request: requestId(0),
      approver: 'approver1',
      approvals: 1,
      needed: 2,
      grant: null,
    });
    expect(written([requested()], entries).grants.size).toBe(0);
  });
  it('that completes the quorum answers with the grant that evolve comes to', () => {
    const before = [requested(), approved('approver1')];
    const { entries, answer } = handIn(before, 'officer1');
    expect(answer).toMatchObject({ approvals: 2, needed: 2, grant: grantId(0) });
    expect([...written(before, entries).grants.keys()]).toEqual([grantId(0)]);
  });
  it('leaves no white space or other member of its envelope in the log', () => {
    const told = tell(requested());
    const envelope = envelopeBy(told, 'approver1');
    const spaced = JSON.stringify(envelope, null, 2);
    const { entries } = approveRequest(
      stateOf(told),
      { request: requestId(0), envelope: spaced },
      { at: start, size: 1 },
    );
    expect(entries[0]?.data).toEqual({ request: requestId(0), envelope: envelopeText(envelope) });
  });
});

describe('a rejection', () => {
  const reject = (steps: Step[]) => {
    const told = tell(...steps);
    return rejectRequest(stateOf(told), { request: requestId(0), reason: 'not needed' }, { at: told.at });
  };
  it('of a request that does not exist is unknown', () =>
    expect(reject([])).toEqual({ entries: [], answer: { kind: 'request_unknown' } }));
  it.each([
    ['granted', [granted()]],
    ['rejected', [requested(), rejected()]],
    ['expired', [requested(), later(7 * 24 * 3600 * 1000)]],
  ])('of a request that is %s is refused', (_what, steps) =>
    expect(reject(steps)).toEqual({ entries: [], answer: { kind: 'refused', rules: ['request_not_open'] } }),
  );
  it('of an open request ends it', () => {
    const { entries, answer } = reject([requested()]);
    expect(answer).toEqual({ kind: 'rejected', request: requestId(0) });
    expect(written([requested()], entries, 'approver1').requests.get(requestId(0))?.rejected?.by).toBe('approver1');
  });
});

describe('a revocation', () => {
  const holder = (id: string): Revoker => ({ as: 'holder', person: person(id) });
  const revoke = (steps: Step[], by: Revoker) =>
    revokeGrant(after(...steps), { grant: grantId(0), by, reason: 'no longer needed' });
  const unknown = { entries: [], answer: { kind: 'grant_unknown' } };

  it('of a grant that is not in force is unknown', () =>
    expect(revoke([requested()], { as: 'overseer' })).toEqual(unknown));
  it('by the holder of another grant is unknown too', () =>
    expect(revoke([granted()], holder('researcher2'))).toEqual(unknown));
  it.each([[holder('researcher')], [{ as: 'overseer' as const }]])('by %j ends it', (by) => {
    const { entries, answer } = revoke([granted()], by);
    expect(answer).toEqual({ kind: 'revoked', grant: grantId(0) });
    expect(written([granted()], entries).grants.get(grantId(0))?.revoked?.position).toBe(3);
  });
  it('a second time answers with the first', () =>
    expect(revoke([granted(), revoked()], { as: 'overseer' })).toEqual({
      entries: [],
      answer: { kind: 'revoked_before', grant: grantId(0), position: 3 },
    }));
});

describe('a disclosure', () => {
  const ask = (steps: Step[], patch: Partial<AskedDisclosure> = {}) => {
    const told = tell(...steps);
    return disclose(stateOf(told), { ...asked(), ...patch }, { at: told.at });
  };

  it('without a grant is refused on the stream of the person, about the subject if it is known', () => {
    const data = { grant: grantId(0), session: 'ses-1', fields: [], rules: ['grant_unknown'] };
    const place = { type: 'disclosure.refused', stream: 'person/researcher', data };
    expect(ask([])).toEqual({ entries: [place], answer: { kind: 'denied', rules: ['grant_unknown'] } });
    expect(ask([], { subject: subject('sub-1') }).entries).toEqual([{ ...place, subject: 'sub-1' }]);
  });
  it('under the grant of somebody else names none of its fields, and is in the stream of who asked', () => {
    const { entries, answer } = ask([granted()], { person: person('researcher2') });
    expect(answer).toEqual({ kind: 'denied', rules: ['grant_unknown'] });
    const data = { fields: [], rules: ['grant_unknown'] };
    expect(entries).toMatchObject([{ stream: 'person/researcher2', subject: 'sub-1', data }]);
  });
  it('that is denied is an entry with its rules', () => {
    const { entries, answer } = ask([granted(), revoked()], { fields: ['screen'] });
    const rules = ['grant_revoked', 'field_not_granted'];
    expect(answer).toEqual({ kind: 'denied', rules });
    expect(entries).toMatchObject([
      { type: 'disclosure.refused', stream, subject: 'sub-1', data: { fields: ['screen'], rules } },
    ]);
  });
  it('of a session of another subject is refused and is about that subject', () => {
    const { entries, answer } = ask([granted()], { subject: subject('sub-2') });
    expect(answer).toEqual({ kind: 'denied', rules: ['session_not_granted'] });
    expect(entries).toMatchObject([{ subject: 'sub-2' }]);
  });
  it('of an erased subject answers with the tombstone', () =>
    expect(ask([granted(), erased('sub-1')]).answer).toEqual({
      kind: 'denied',
      rules: ['subject_erased'],
      erasedAt: 3,
    }));
  it('of no fields is refused: an empty list is not all of them', () =>
    expect(ask([granted()], { fields: [] }).answer).toEqual({ kind: 'denied', rules: ['field_not_granted'] }));
  it('with its fields left out releases those that were granted, in order', () => {
    const { entries, answer } = ask([granted({ fields: ['url', 'typed'] })]);
    const data = { grant: grantId(0), session: 'ses-1', fields: ['typed', 'url'], versions: 4, records: 9 };
    expect(entries).toEqual([{ type: 'disclosure.made', stream, subject: 'sub-1', data, begins: streamOfDisclosure }]);
    expect(answer).toEqual({ kind: 'allowed', ...data, from: 1000, to: 2000 });
  });
  it('with its fields named, in any order and twice, releases just those', () =>
    expect(ask([granted()], { fields: ['url', 'url'] }).answer).toMatchObject({ fields: ['url'] }));
  it('is charged to the grant once it is an entry, and the last one is the last', () => {
    const before = [granted({ disclosures: 2 }), disclosed()];
    const state = written(before, ask(before).entries);
    expect(state.grants.get(grantId(0))).toMatchObject({ recordsLeft: 90, disclosuresLeft: 0 });
    expect(disclose(state, { ...asked(), records: 0 }, { at: start }).answer).toMatchObject({
      rules: ['disclosures_spent'],
    });
  });
  it('has an answer that survives being kept as JSON', () => {
    const { answer } = ask([granted()]);
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
  });

  const asked = (): AskedDisclosure => ({
    grant: grantId(0),
    person: person('researcher'),
    session: session('ses-1'),
    versions: 4,
    records: 9,
  });
});

describe('a refusal as an entry', () => {
  it('leaves the state as it was', () => {
    const state = after(granted());
    const { entries } = disclose(
      state,
      { grant: grantId(0), person: person('x'), session: session('ses-1'), versions: 1, records: 1 },
      { at: start },
    );
    expect(evolve(state, { ...entries[0], at: start, actor: 'x' } as unknown as Entry)).toBe(state);
  });
});
