import { randomBytes } from 'node:crypto';
import { emptyAuthority, type Authority } from '../identity/authority.js';
import { authoritySlice } from '../identity/evolve-authority.js';
import { noOther } from '../identity/given-acts.spec.js';
import type { Trust, TrustedKey } from '../identity/trust.js';
import type { Actor, EntryData, EntryType, LockTarget, RequestMade, Scope } from '../log/entries.js';
import type { FieldName } from '../log/fields.js';
import type { Entry } from '../log/header.js';
import type { GrantId, LockId, PersonId, Position, RequestId, SessionId, SubjectId } from '../log/ids.js';
import { generateSigningKey } from '../sealing/signature.js';
import { sodiumReady } from '../sealing/sodium.js';
import type { AccessState } from './access-state.js';
import { envelopeText } from '../identity/signed-statement.js';
import { signApproval, type ApprovalStatement } from './approval.js';
import { decide, type Decision, type Disclosure } from './decide.js';
import { accessSlice } from './evolve.js';
import { toHex } from './hex.js';
import { builtInPolicy } from './built-in-policy.js';
import { lockAct } from './lock.js';
import { policyAct } from './policy-change.js';
import { needed, policyHash, previewOf, type Policy } from './policy.js';
import { scopeHash } from './scope.js';

/** Given, when, then for access/: histories are entries, and every entry goes through the real `evolve`. */

export const origin = 'custos.example/test';
export const start = 1_767_225_600_000;
export const person = (id: string) => id as PersonId;
export const requestId = (n: number) => `00000000-0000-4000-8000-00000000000${n}` as RequestId;
export const grantId = (n: number) => requestId(n) as string as GrantId;
export const session = (id: string) => id as SessionId;
export const subject = (id: string) => id as SubjectId;

/** Two sessions of one subject, one of another. */
export const sessions: Scope['sessions'] = [
  { session: session('ses-1'), subject: subject('sub-1') },
  { session: session('ses-2'), subject: subject('sub-1') },
  { session: session('ses-3'), subject: subject('sub-2') },
];

type SigningKey = ReturnType<typeof generateSigningKey>;

/** Key ids and whose they are. The last one is nobody's: the trust file does not name it. */
const owners = {
  approver1: 'approver1',
  'approver1-second': 'approver1',
  approver2: 'approver2',
  approver3: 'approver3',
  officer1: 'officer1',
  officer2: 'officer2',
  officer3: 'officer3',
  researcher: 'researcher',
  'subject-1': 'subject:sub-1',
  stranger: undefined,
} as const;
export type KeyName = keyof typeof owners;
export const keyNames = Object.keys(owners) as KeyName[];

export const keys = new Map<KeyName, SigningKey>();
export const trustedKeys = new Map<string, TrustedKey>();
export const trust: Trust = {
  origin,
  log: '',
  keyholder: new Uint8Array(32),
  keys: trustedKeys,
  quorum: { ordinary: 2, large: 3 },
  sources: new Map(),
};
/** Made anew for each state: keys are enrolled after this file is read. */
export const authorityOf = (of: Trust = trust): Authority => emptyAuthority(of, [lockAct, policyAct]);

export async function enrolKeys(): Promise<void> {
  await sodiumReady();
  for (const name of keyNames) {
    const key = generateSigningKey();
    keys.set(name, key);
    const owner = owners[name];
    const role = owner?.startsWith('officer') ? 'officer' : 'approver';
    if (owner !== undefined) trustedKeys.set(name, { person: person(owner), role, publicKey: key.publicKey });
  }
}
export const keyOf = (name: KeyName) => ({ keyId: name as string, seed: (keys.get(name) as SigningKey).seed });

export interface Told {
  readonly entries: readonly Entry[];
  readonly at: number;
  /** Under which things are asked: the one in force, unless a step says otherwise. */
  readonly policy: Policy;
}
export type Step = (told: Told) => Told;

export const tell = (...steps: readonly Step[]): Told =>
  steps.reduce((told, step) => step(told), { entries: [], at: start, policy: builtInPolicy } as Told);

/** Access with the slice that stands before it, as in the service. */
export function stateOf({ entries }: Pick<Told, 'entries'>): AccessState {
  const [first, second] = [authoritySlice(authorityOf()), accessSlice(authorityOf(), builtInPolicy)];
  let [authority, access] = [first.empty, second.empty];
  for (const one of entries) {
    authority = first.evolve(authority, one, noOther);
    access = second.evolve(access, one, <S>() => authority as S);
  }
  return access;
}

export const after = (...steps: readonly Step[]): AccessState => stateOf(tell(...steps));

/** Its grants are what one officer each gave to themselves. */
export const alone = (state: AccessState): AccessState => ({
  ...state,
  grants: state.grants.map((grant) => ({ ...grant, signers: 1, isBreakGlass: true as const })),
});

/** Any entry, whatever it says. */
export const entry =
  <T extends EntryType>(type: T, data: EntryData[T], by: { actor?: Actor; subject?: SubjectId } = {}): Step =>
  (told) => ({ ...told, entries: [...told.entries, entryAt(told, type, data, by)] });

function entryAt(told: Told, type: EntryType, data: unknown, by: { actor?: Actor; subject?: SubjectId }): Entry {
  const position = told.entries.length as Position;
  const place = { position, id: new Uint8Array(16), stream: 'any', version: 0, at: told.at, columns: [] };
  return { ...place, type, data, actor: 'custos', ...by } as Entry;
}

export const later =
  (ms: number): Step =>
  (told) => ({ ...told, at: told.at + ms });

interface RequestOptions {
  n?: number;
  by?: string;
  fields?: readonly FieldName[];
  sessions?: Scope['sessions'];
  records?: number;
  disclosures?: number;
  durationSeconds?: number;
  /** What the entry says instead of the truth. */
  forged?: Partial<RequestMade>;
}

export const scopeOf = ({ fields, records, disclosures, durationSeconds, ...rest }: RequestOptions = {}): Scope => ({
  fields: [...(fields ?? ['typed', 'url'])].sort() as FieldName[],
  sessions: rest.sessions ?? sessions.slice(0, 2),
  from: 1000,
  to: 2000,
  purpose: 'to test what is granted',
  durationSeconds: durationSeconds ?? 3600,
  budget: { records: records ?? 100, disclosures: disclosures ?? 3 },
});

export const requested =
  (options: RequestOptions = {}): Step =>
  (told) => {
    const scope = scopeOf(options);
    const data: RequestMade = {
      request: requestId(options.n ?? 0),
      scope,
      scopeHash: scopeHash(scope),
      policyHash: policyHash(told.policy),
      preview: previewOf(told.policy, scope, 7),
      expiresAt: told.at + told.policy.requestOpenSeconds * 1000,
      ...options.forged,
    };
    return entry('request.made', data, { actor: person(options.by ?? 'researcher') })(told);
  };

interface ApprovalOptions {
  n?: number;
  statement?: Partial<ApprovalStatement>;
}

const latestRequest = ({ entries }: Told, request: RequestId) =>
  entries.flatMap((one) => (one.type === 'request.made' && one.data.request === request ? [one.data] : [])).at(-1);

export function statementFor(told: Told, owner: string, { n = 0, statement }: ApprovalOptions = {}): ApprovalStatement {
  const request = requestId(n);
  return {
    type: 'custos.approval.v1',
    origin,
    request,
    scopeHash: toHex(latestRequest(told, request)?.scopeHash ?? new Uint8Array(32)),
    policyHash: toHex(policyHash(told.policy)),
    checkpoint: { size: told.entries.length, root: '00'.repeat(32) },
    expiresAt: told.at + 1000,
    nonce: randomBytes(16).toString('hex'),
    approver: person(owner),
    ...statement,
  };
}

/** What `key` signs when it is shown the request, with what the test says otherwise. */
export const envelopeBy = (told: Told, key: KeyName, options: ApprovalOptions = {}) =>
  signApproval(statementFor(told, owners[key] ?? 'stranger', options), keyOf(key));

export const approved =
  (key: KeyName, options: ApprovalOptions = {}): Step =>
  (told) => {
    const data = { request: requestId(options.n ?? 0), envelope: envelopeText(envelopeBy(told, key, options)) };
    return entry('request.approved', data)(told);
  };

/** A request and the signatures that it takes. */
export const granted =
  (options: RequestOptions = {}): Step =>
  (told) => {
    const quorum = needed(told.policy, scopeOf(options).fields);
    const signers = (['approver1', 'approver2', 'approver3'] as const).slice(0, quorum);
    const { n = 0 } = options;
    return [requested(options), ...signers.map((key) => approved(key, { n }))].reduce((so, step) => step(so), told);
  };

export const rejected = (n = 0): Step => entry('request.rejected', { request: requestId(n), reason: 'not needed' });
export const lockId = (n = 0) => `00000000-0000-4000-9000-00000000000${n}` as LockId;
export const locked = (target: LockTarget = { kind: 'all' }, n = 0): Step =>
  entry('lock.set', { lock: lockId(n), target, reason: 'an incident' }, { actor: person('officer1') });
export const revoked = (n = 0): Step => entry('grant.revoked', { grant: grantId(n), reason: 'no longer needed' });
export const erased = (of: string): Step => entry('subject.erased', { keyId: 'k' }, { subject: subject(of) });
export const disclosed = ({ n = 0, records = 1 } = {}): Step =>
  entry('disclosure.made', {
    grant: grantId(n),
    session: session('ses-1'),
    fields: ['url'],
    versions: 1,
    records,
  });

export const disclosure = (asked: Partial<Disclosure> = {}): Disclosure => ({
  grant: grantId(0),
  person: person('researcher'),
  session: session('ses-1'),
  fields: ['url'],
  records: 1,
  at: start,
  ...asked,
});

export const given = (...steps: readonly Step[]) => ({
  when: (asked: Disclosure) => {
    const decision = decide(after(...steps), asked);
    return { then: (expectation: (decision: Decision) => void) => expectation(decision) };
  },
});

export const allowed = (decision: Decision) => expect(decision.verdict).toBe('allow');
export const denied =
  (...rules: string[]) =>
  (decision: Decision) =>
    expect(decision).toMatchObject({ verdict: 'deny', rules });
