import { envelopeText } from '../identity/signed-statement.js';
import type { ApprovalStatement } from './approval.js';
import { checkApproval } from './check-approval.js';
import {
  approved,
  enrolKeys,
  envelopeBy,
  erased,
  granted,
  keys,
  later,
  person,
  rejected,
  requested,
  requestId,
  revoked,
  sessions,
  stateOf,
  subject,
  tell,
  trust,
  authorityOf,
  type KeyName,
  type Step,
} from './given.spec.js';
import { builtInPolicy } from './built-in-policy.js';

beforeAll(enrolKeys);

const day = 24 * 3600 * 1000;

interface Handed {
  by?: KeyName;
  n?: number;
  statement?: Partial<ApprovalStatement>;
  /** Where it is handed in, after it was signed. */
  then?: Step[];
}

/** Somebody signs after `steps`, more happens, and then the signature is handed in. */
function handIn(steps: readonly Step[], { by = 'approver1', n = 0, statement = {}, then = [] }: Handed = {}) {
  const signedAt = tell(...steps);
  const envelope = envelopeText(envelopeBy(signedAt, by, { n, statement }));
  const now = then.reduce((told, step) => step(told), signedAt);
  const checked = checkApproval(stateOf(now), {
    envelope,
    request: requestId(n),
    at: now.at,
    size: now.entries.length,
  });
  return checked.kind === 'valid' ? ['valid', checked.approver] : checked.rules;
}

describe('a signature is no approval', () => {
  it('by a key that the trust file does not name', () =>
    expect(handIn([requested()], { by: 'stranger' })).toEqual(['key_unknown']));
  it('if it is not valid, for that reason alone', () => {
    const now = tell(requested());
    const { payload } = envelopeBy(now, 'approver1', { statement: { origin: 'elsewhere' } });
    const envelope = { ...envelopeBy(now, 'approver1'), payload };
    expect(checkApproval(stateOf(now), { envelope, request: requestId(0), at: now.at, size: 1 })).toEqual({
      kind: 'refused',
      rules: ['signature_invalid'],
    });
  });
  it('for another log', () =>
    expect(handIn([requested()], { statement: { origin: 'custos.example/other' } })).toEqual(['origin_wrong']));
  it('in the name of somebody else', () => {
    const approver = person('approver2');
    expect(handIn([requested()], { statement: { approver } })).toEqual(['approver_mismatch']);
  });
  it('for another request of the same scope', () => {
    const envelope = envelopeBy(tell(requested(), requested({ n: 1 })), 'approver1', { n: 1 });
    const now = tell(requested(), requested({ n: 1 }));
    expect(checkApproval(stateOf(now), { envelope, request: requestId(0), at: now.at, size: 2 })).toEqual({
      kind: 'refused',
      rules: ['request_mismatch'],
    });
  });
  it('for another scope', () =>
    expect(handIn([requested()], { statement: { scopeHash: 'ab'.repeat(32) } })).toEqual(['scope_changed']));
  it('under another policy', () =>
    expect(handIn([requested()], { statement: { policyHash: 'ab'.repeat(32) } })).toEqual(['policy_changed']));
  it('at the millisecond at which it expires', () =>
    expect(handIn([requested()], { then: [later(1000)] })).toEqual(['approval_expired']));
  it('if it could be kept for longer than the policy allows', () => {
    const { at } = tell();
    expect(handIn([requested()], { statement: { expiresAt: at + day + 1 } })).toEqual(['approval_expiry_too_far']);
  });
  it('with a nonce that was used, by anybody, for any request', () => {
    const nonce = 'ab'.repeat(16);
    const before = [requested(), requested({ n: 1 }), approved('approver2', { n: 1, statement: { nonce } })];
    expect(handIn(before, { statement: { nonce } })).toEqual(['nonce_reused']);
  });
  it('by the requester, approver or not', () =>
    expect(handIn([requested()], { by: 'researcher' })).toEqual(['own_request']));
  it('by a subject concerned', () => expect(handIn([requested()], { by: 'subject-1' })).toEqual(['subject_concerned']));
  it('a second time', () => expect(handIn([requested(), approved('approver1')])).toEqual(['already_approved']));
  it('a second time by the same person with another key', () =>
    expect(handIn([requested(), approved('approver1')], { by: 'approver1-second' })).toEqual(['already_approved']));
  it('for a request that nobody made', () => expect(handIn([requested()], { n: 5 })).toEqual(['request_not_open']));
  it.each([
    ['granted', [granted()]],
    ['revoked', [granted(), revoked()]],
    ['rejected', [requested(), rejected()]],
    ['expired', [requested(), later(7 * day)]],
  ])('for a request that is %s', (_what, steps) =>
    expect(handIn(steps, { by: 'officer1' })).toEqual(['request_not_open']),
  );
  it('by somebody who says to have seen more of the log than there is', () =>
    expect(handIn([requested()], { statement: { checkpoint: { size: 2, root: '00'.repeat(32) } } })).toEqual([
      'checkpoint_ahead',
    ]));
  it('by all the rules that it breaks', () =>
    expect(handIn([requested()], { by: 'researcher', statement: { origin: 'x', expiresAt: 0 } })).toEqual([
      'origin_wrong',
      'approval_expired',
      'own_request',
    ]));
});

describe('a signature is an approval', () => {
  const valid = (who: string) => ['valid', who];

  it('by an approver', () => expect(handIn([requested()])).toEqual(valid('approver1')));
  it('by an officer', () => expect(handIn([requested()], { by: 'officer1' })).toEqual(valid('officer1')));
  it('with any key of theirs', () =>
    expect(handIn([requested()], { by: 'approver1-second' })).toEqual(valid('approver1')));
  it('in its last millisecond', () =>
    expect(handIn([requested()], { then: [later(999)] })).toEqual(valid('approver1')));
  it('if it may be kept for exactly as long as the policy allows', () =>
    expect(handIn([requested()], { statement: { expiresAt: tell().at + day } })).toEqual(valid('approver1')));
  it('in the last millisecond of the request', () =>
    expect(handIn([requested(), later(7 * day - 1)])).toEqual(valid('approver1')));
  it('over a checkpoint as long as the log', () =>
    expect(handIn([requested()], { statement: { checkpoint: { size: 1, root: '00'.repeat(32) } } })).toEqual(
      valid('approver1'),
    ));
  it('by a subject who is not concerned', () => {
    const others = sessions.filter((one) => one.subject === subject('sub-2'));
    expect(handIn([requested({ sessions: others })], { by: 'subject-1' })).toEqual(valid('subject:sub-1'));
  });
  it('by somebody who signed another request, or whose signature was refused before', () =>
    expect(
      handIn([
        requested(),
        requested({ n: 1 }),
        approved('approver1', { n: 1 }),
        approved('approver1', { statement: { origin: 'x' } }),
      ]),
    ).toEqual(valid('approver1')));
  it('even if a subject of the scope was erased: there is nothing left to release', () =>
    expect(handIn([requested(), erased('sub-1')])).toEqual(valid('approver1')));
});

describe('a key', () => {
  it('that stands in the trust file twice is judged by the name that was signed', () => {
    const [one] = [trust.keys.get('approver2')];
    const publicKey = keys.get('approver1')?.publicKey;
    if (one === undefined || publicKey === undefined) throw new Error('no keys');
    const twice = { ...trust, keys: new Map(trust.keys).set('approver1-as-2', { ...one, publicKey }) };
    const now = tell(requested());
    const envelope = envelopeBy(now, 'approver1');
    const swapped = {
      ...envelope,
      signatures: envelope.signatures.map((signature) => ({ ...signature, keyid: 'approver1-as-2' })),
    };
    const state = { ...stateOf(now), authority: authorityOf(twice), policy: builtInPolicy };
    expect(checkApproval(state, { envelope: swapped, request: requestId(0), at: now.at, size: 1 })).toEqual({
      kind: 'refused',
      rules: ['approver_mismatch'],
    });
  });
});
