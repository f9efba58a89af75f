import type { EntryData } from '../log/entries.js';
import type { Entry } from '../log/header.js';
import type { PersonId } from '../log/ids.js';
import { enforcedBy, keyInForce, sourceInForce } from './authority.js';
import { checkActSignature } from './check-act-signature.js';
import {
  actId,
  after,
  day,
  enrolment,
  envelopeBy,
  fold,
  keyOf,
  later,
  makePeople,
  newKey,
  noOther,
  proposed,
  revocation,
  signed,
  start,
  statementFor,
  stateOf,
  tell,
  trust,
  type Name,
  type Step,
  type Told,
} from './given-acts.spec.js';
import { viewKeys } from './list-keys.js';
import { proposeAct } from './propose-act.js';
import { signatureOnAct } from './sign-act.js';
import { actType, type Act } from './act.js';
import type { Head } from '../log/draft.js';
import { emptyAuthority } from './authority.js';
import { keyActs } from './enrolled-keys.js';
import { encodeStatement } from './signed-statement.js';
import { authenticator } from '../sealing/authenticator.spec.js';
import { envelopeOf, pae } from '../sealing/dsse.js';
import { formatVerifyingKey, type VerifyingKey } from '../sealing/verifying-key.js';
import { keyIdOf } from './trust.js';

let fresh: Uint8Array;
beforeAll(makePeople);
beforeEach(() => ({ publicKey: fresh } = newKey()));

/** The very same state object: a slice behind this one may tell by that. */
function changesNothing(before: readonly Step[], last: Step): void {
  const told = tell(...before);
  const state = stateOf(told);
  expect(fold(state, last(told).entries.at(-1) as Entry)).toBe(state);
}
const isEnrolled = (...steps: readonly Step[]) => after(...steps).keys.has(keyIdOf(fresh));

describe('an act is not put before anybody', () => {
  it('of a kind that nobody knows', () => changesNothing([], proposed({ kind: 'grant.everything', body: {} })));
  it('with a member that nobody knows', () => changesNothing([], proposed(enrolment(fresh, { also: 1 }))));
  it('with another hash than its own', () =>
    changesNothing([], proposed(enrolment(fresh), { actHash: new Uint8Array(32) })));
  it('that stays open for longer than a week', () =>
    changesNothing([], proposed(enrolment(fresh), { expiresAt: start + 7 * day + 1 })));
  it('under an id that was used before', () => {
    const first = proposed(enrolment(fresh));
    changesNothing([first], proposed(enrolment(keyOf('approver1').publicKey)));
  });
});

describe('a signature of an officer does not count', () => {
  const refusedWith = (rule: string, ...[signer, differing, key]: [string, object?, string?]) => {
    const act = enrolment(fresh);
    const told = tell(proposed(act), signed('officer1', act));
    const envelope = envelopeBy(told, signer, act, differing, key);
    const checked = checkActSignature(stateOf(told), { envelope, act: actId(), at: told.at, size: 2 });
    expect(checked).toEqual({ kind: 'refused', rules: [rule] });
    changesNothing([() => told], signed(signer, act, differing, key));
  };
  const hash = 'a'.repeat(64);
  it('of an approver', () => refusedWith('not_an_officer', 'approver1'));
  it('a second time, with whatever nonce', () => refusedWith('already_signed', 'officer1'));
  it('in the name of somebody else', () => refusedWith('signer_mismatch', 'officer3', {}, 'officer2'));
  it('for another act', () => refusedWith('act_changed', 'officer2', { actHash: hash }));
  it('for another log', () => refusedWith('origin_wrong', 'officer2', { origin: 'custos.example/other' }));
  it('at the moment it expires', () => refusedWith('signature_expired', 'officer2', { expiresAt: start }));
  it('if it is kept for longer than a day', () =>
    refusedWith('signature_expiry_too_far', 'officer2', { expiresAt: start + day + 1 }));
  it('of somebody who has seen a longer log', () =>
    refusedWith('checkpoint_ahead', 'officer2', { checkpoint: { root: hash, size: 3 } }));

  it('handed in again for another act', () => {
    const act = enrolment(fresh);
    const told = tell(proposed(act), proposed(act, { n: 1 }));
    const envelope = envelopeBy(told, 'officer2', act);
    const checked = checkActSignature(stateOf(told), { envelope, act: actId(1), at: told.at, size: 2 });
    expect(checked).toEqual({ kind: 'refused', rules: ['act_mismatch'] });
  });
  it('replayed, even after the act was signed by somebody else', () => {
    const act = enrolment(fresh);
    const nonce = '0'.repeat(32);
    const told = tell(proposed(act), signed('officer1', act, { nonce }));
    changesNothing([() => told], signed('officer2', act, { nonce }));
  });
  it('once the act has lapsed, or is in force', () => {
    const act = enrolment(fresh);
    changesNothing([proposed(act), later(7 * day)], signed('officer1', act));
    changesNothing([proposed(act), signed('officer1', act), signed('officer2', act)], signed('officer3', act));
  });
});

describe('a key is not enrolled', () => {
  const by = (act: Parameters<typeof signed>[1]) => [proposed(act), signed('officer1', act), signed('officer2', act)];
  it('by one officer, even one who signs twice', () => {
    const act = enrolment(fresh);
    expect(isEnrolled(proposed(act), signed('officer1', act), signed('officer1', act))).toBe(false);
  });
  it('as an officer: only the trust file names those', () => {
    expect(isEnrolled(...by(enrolment(fresh, { role: 'officer' })))).toBe(false);
  });
  it('for longer than 400 days', () => {
    expect(isEnrolled(...by(enrolment(fresh, { expiresAt: start + 400 * day })))).toBe(true);
    expect(isEnrolled(...by(enrolment(fresh, { expiresAt: start + 400 * day + 1 })))).toBe(false);
  });
  it('a second time, for somebody else, or after it was revoked', () => {
    const [again, other] = [enrolment(fresh), enrolment(fresh, { person: 'approver8' })];
    const gone = revocation(fresh);
    const history = [...by(again), proposed(gone, { n: 1 }), signed('officer3', gone, { act: actId(1) })];
    const state = after(...history, proposed(other, { n: 2 }), ...['officer1', 'officer2'].map((name) => signed(name, other, { act: actId(2) }))); // prettier-ignore
    expect(state.keys.get(keyIdOf(fresh))).toMatchObject({ person: 'approver9', revokedAt: 4 });
    expect(keyInForce(state, keyIdOf(fresh), start)).toBeUndefined();
  });
  it("if it is the keyholder's", () => {
    expect(after(...by(enrolment(trust.keyholder))).keys.size).toBe(trust.keys.size);
  });
});

describe('the key of a source', () => {
  const recorder = { person: 'recorder', role: 'source' };
  const enrolled = (): Step[] => {
    const act = enrolment(fresh, recorder);
    return [proposed(act), signed('officer1', act), signed('officer2', act)];
  };
  it('is enrolled apart: no signature of it is that of a person', () => {
    const state = after(...enrolled());
    expect(sourceInForce(state, keyIdOf(fresh), start)?.person).toBe('recorder');
    expect(keyInForce(state, keyIdOf(fresh), start)).toBeUndefined();
    expect(viewKeys(state, start).filter(({ role }) => role === 'source')).toMatchObject([{ person: 'recorder' }]);
  });
  it('does not become an approver’s, nor the other way round', () => {
    const other = enrolment(fresh);
    const again = [proposed(other, { n: 1 }), ...['officer1', 'officer2'].map((name) => signed(name, other, { act: actId(1) }))]; // prettier-ignore
    expect(keyInForce(after(...enrolled(), ...again), keyIdOf(fresh), start)).toBeUndefined();
    const first = keyOf('approver1').publicKey;
    const act = enrolment(first, recorder);
    const state = after(proposed(act), signed('officer1', act), signed('officer2', act));
    expect(sourceInForce(state, keyIdOf(first), start)).toBeUndefined();
  });
  it('ends at once when one officer revokes it', () => {
    const gone = revocation(fresh);
    const state = after(...enrolled(), proposed(gone, { n: 1 }), signed('officer3', gone, { act: actId(1) }));
    expect(sourceInForce(state, keyIdOf(fresh), start)).toBeUndefined();
    expect(state.sources.get(keyIdOf(fresh))).toMatchObject({ revokedAt: 4 });
  });
});

const bySigning = (act: Act, n = 0): Step[] => [
  proposed(act, { n }),
  ...['officer1', 'officer2'].map((name) => signed(name as Name, act, { act: actId(n) })),
];

const here =
  (told: Told) =>
  <S>() =>
    stateOf(told) as S;

/** Before anybody signs it, and it changes nothing if it is signed all the same. */
function objected(act: Act, before: readonly Step[], rule: string): void {
  const told = tell(...before);
  const state = stateOf(told);
  const head: Head = { at: told.at, size: told.entries.length, of: here(told) };
  const [kind] = keyActs.filter((one) => one.kind === act.kind);
  expect(kind?.objection?.(act.body, head, 'officer1' as PersonId, actId())).toEqual({
    code: 'key_refused',
    rules: [rule],
  });
  const after = stateOf(tell(() => told, ...bySigning(act, 9)));
  expect([after.keys, after.sources]).toEqual([state.keys, state.sources]);
}

describe('a rotation', () => {
  let next: Uint8Array;
  beforeEach(() => ({ publicKey: next } = newKey()));
  const rotation = (differing: object = {}): Act => ({
    kind: 'key.rotate',
    body: {
      keyId: keyIdOf(fresh),
      publicKey: Buffer.from(next).toString('base64'),
      expiresAt: start + 60 * day,
      ...differing,
    },
  });

  it.each(['approver', 'source'])('of the key of a %s begins the new one where it ends the old one', (role) => {
    const state = after(...bySigning(enrolment(fresh, { role })), ...bySigning(rotation(), 1));
    const keys = role === 'source' ? state.sources : state.keys;
    expect(keys.get(keyIdOf(fresh))).toMatchObject({ person: 'approver9', revokedAt: 5 });
    expect(keys.get(keyIdOf(next))).toMatchObject({ person: 'approver9', expiresAt: start + 60 * day });
    expect((role === 'source' ? sourceInForce : keyInForce)(state, keyIdOf(next), start)?.person).toBe('approver9');
  });
  it('takes a quorum, as an enrolment does', () => {
    const state = after(...bySigning(enrolment(fresh)), proposed(rotation(), { n: 1 }), signed('officer1', rotation(), { act: actId(1) })); // prettier-ignore
    expect([state.keys.has(keyIdOf(next)), keyInForce(state, keyIdOf(fresh), start)?.person]).toEqual([false, 'approver9']); // prettier-ignore
  });
  it('is nothing to sign, and does neither half, if the new key is known, expired, or for too long', () => {
    const before = bySigning(enrolment(fresh));
    objected(rotation({ publicKey: Buffer.from(fresh).toString('base64') }), before, 'key_known');
    objected(rotation({ expiresAt: start + 400 * day + 1 }), before, 'key_expiry_too_far');
    objected(rotation({ expiresAt: start }), before, 'key_expired');
  });
  it('is nothing to sign if the old key is unknown, revoked, or of the trust file', () => {
    objected(rotation(), [], 'key_not_enrolled');
    const gone = revocation(fresh);
    const before = [...bySigning(enrolment(fresh)), proposed(gone, { n: 1 }), signed('officer3', gone, { act: actId(1) })]; // prettier-ignore
    objected(rotation(), before, 'key_not_enrolled');
    objected(revocation(fresh), before, 'key_not_enrolled');
    objected(rotation({ keyId: keyIdOf(keyOf('approver1').publicKey) }), [], 'key_not_enrolled');
  });
});

describe('a key of OpenSSH', () => {
  const text = (key: VerifyingKey) => ({ publicKey: formatVerifyingKey(key) });
  const asSsh = (): VerifyingKey => ({ publicKey: fresh, ssh: { type: 'ssh-ed25519' } });

  it('is enrolled with its scheme, and listed as the line that it was given as', () => {
    const { key } = authenticator('ssh:custos');
    const state = after(...bySigning(enrolment(key.publicKey, text(key))));
    expect(keyInForce(state, keyIdOf(key.publicKey), start)).toMatchObject(key);
    expect(viewKeys(state, start).filter(({ from }) => from === 'enrolment')).toMatchObject([text(key)]);
  });
  it('is the bare key that is in it: nobody enrols it a second time in another wrapping', () => {
    const again = bySigning(enrolment(fresh, { person: 'approver8', ...text(asSsh()) }), 1);
    const state = after(...bySigning(enrolment(fresh)), ...again);
    expect(state.keys.get(keyIdOf(fresh))).toMatchObject({ person: 'approver9' });
    expect(state.keys.get(keyIdOf(fresh))).not.toHaveProperty('ssh');
  });
  it("is no source's: nobody touches an authenticator a thousand times", () => {
    const act = enrolment(fresh, { role: 'source', ...text(asSsh()) });
    expect(after(...bySigning(act)).sources.size).toBe(0);
    objected(act, [], 'key_scheme');
  });

  it('signs an act as an officer of the trust file, if somebody touched it', () => {
    const touched = authenticator('ssh:custos');
    const keyId = keyIdOf(touched.key.publicKey);
    const officer = { person: 'officer4' as PersonId, role: 'officer' as const, ...touched.key };
    const act = enrolment(fresh);
    const told = tell(proposed(act));
    const state = told.entries.reduce(
      fold,
      emptyAuthority({ ...trust, keys: new Map([...trust.keys, [keyId, officer]]) }, keyActs),
    );
    const { payloadType } = actType;
    const payload = encodeStatement(actType, statementFor(told, 'officer4', act));
    const by = (flags: number) => {
      const signature = touched.sign(pae(payloadType, payload), { namespace: payloadType, flags });
      const envelope = envelopeOf(payloadType, payload, { keyId, signature });
      return checkActSignature(state, { envelope, act: actId(), at: told.at, size: 1 });
    };
    expect(by(1)).toMatchObject({ kind: 'valid', signer: 'officer4' });
    expect(by(0)).toEqual({ kind: 'refused', rules: ['signature_invalid'] });
  });
});

describe('a key of the trust file', () => {
  it('is not revoked by an act: one officer alone must not put the others out', () => {
    const act = revocation(keyOf('officer2').publicKey);
    const state = after(proposed(act), signed('officer1', act));
    expect(keyInForce(state, keyIdOf(keyOf('officer2').publicKey), start)).toBeDefined();
  });
});

describe('an act', () => {
  it('is in force by exactly the signature that completes its quorum', () => {
    const act = enrolment(fresh);
    const half = after(proposed(act), signed('officer1', act));
    expect([half.enforced, half.acts.get(actId())?.enforcedAt]).toEqual([undefined, undefined]);
    const state = after(proposed(act), signed('officer1', act), signed('officer3', act));
    expect(enforcedBy(state, 2 as never, 'key.enrol')).toMatchObject({ id: actId(), enforcedAt: 2 });
    expect(enforcedBy(state, 2 as never, 'key.revoke')).toBeUndefined();
    expect(enforcedBy(state, 3 as never, 'key.enrol')).toBeUndefined();
  });

  it('enrols a key that counts until it expires, and is listed', () => {
    const act = enrolment(fresh);
    const state = after(proposed(act), signed('officer1', act), signed('officer2', act));
    expect(keyInForce(state, keyIdOf(fresh), start + 30 * day - 1)?.person).toBe('approver9');
    expect(keyInForce(state, keyIdOf(fresh), start + 30 * day)).toBeUndefined();
    const [listed] = viewKeys(state, start).filter(({ from }) => from === 'enrolment');
    expect(listed).toMatchObject({ person: 'approver9', state: 'in_force', expiresAt: start + 30 * day });
  });

  it('is proposed and signed in one, and what serves agrees with what is folded', () => {
    const act = enrolment(fresh);
    const told = tell();
    const envelope = envelopeBy(told, 'officer1', act);
    const asked = { ...act, act: actId(), proposer: 'officer1' as PersonId, envelope };
    const { entries, answer } = proposeAct(stateOf(told), asked, { at: told.at, size: 0, of: here(told) });
    expect(answer).toMatchObject({ kind: 'signed', signer: 'officer1', signatures: 1, needed: 2, enforced: false });
    expect(entries.map(({ type }) => type)).toEqual(['act.proposed', 'act.signed']);
    const next = tell(proposed(act, entries[0]?.data as EntryData['act.proposed']), signed('officer1', act));
    const second = signatureOnAct(
      stateOf(next),
      { act: actId(), envelope: envelopeBy(next, 'officer2', act) },
      { at: next.at, size: 2, of: here(next) },
    );
    expect(second.answer).toMatchObject({ signatures: 2, enforced: true });
  });

  it('is refused, and the refusal is an entry', () => {
    const act = enrolment(fresh, { also: 1 });
    const told = tell();
    const asked = {
      ...act,
      act: actId(),
      proposer: 'officer1' as PersonId,
      envelope: envelopeBy(told, 'officer1', act),
    };
    const { entries, answer } = proposeAct(stateOf(told), asked, { at: told.at, size: 0, of: noOther });
    expect(answer).toEqual({ kind: 'refused', rules: ['body_invalid'] });
    expect(entries.map(({ type }) => type)).toEqual(['act.refused']);
  });
});
