import { createHmac, randomBytes } from 'node:crypto';
import type { Head } from '../log/draft.js';
import { Governance } from '../log/governance.js';
import type { PersonId } from '../log/ids.js';
import { encodeCanonical } from '../sealing/canonical.js';
import type { Act } from './act.js';
import { emptyAuthority } from './authority.js';
import { keyActs } from './enrolled-keys.js';
import { authoritySlice } from './evolve-authority.js';
import { actId, day, later, makePeople, origin, proposed, signed, start, tell, trust, type Name, type Step } from './given-acts.spec.js'; // prettier-ignore
import {
  eitherVerifier,
  ingestKeyActs,
  ingestKeysKey,
  ingestKeysSlice,
  ingestKeyText,
  ingestKeyVerifier,
  ingestMac,
} from './ingest-keys.js';

const keyId = '8d0f9a2b11c43e57';
const recorder = 'recorder' as PersonId;
const secret = randomBytes(32);
const text = ingestKeyText(keyId, secret);
beforeAll(makePeople);
beforeEach(() => jest.spyOn(Date, 'now').mockReturnValue(start));
afterEach(() => jest.restoreAllMocks());

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const issue = (differing: Record<string, unknown> = {}): Act => ({
  kind: 'ingest-key.issue',
  body: {
    keyId,
    source: recorder,
    mac: hex(ingestMac(secret, { origin, keyId, source: recorder })),
    expiresAt: start + 30 * day,
    ...differing,
  },
});
const revoke: Act = { kind: 'ingest-key.revoke', body: { keyId } };
const by = (act: Act, names: readonly Name[] = ['officer1', 'officer2'], n = 0): Step[] => [
  proposed(act, { n }),
  ...names.map((name) => signed(name, act, { act: actId(n) })),
];
const after = (...steps: readonly Step[]) =>
  tell(...steps).entries.reduce(
    (state, entry) => state.evolve(entry),
    Governance.empty([authoritySlice(emptyAuthority(trust, [...keyActs, ...ingestKeyActs])), ingestKeysSlice]),
  );
const verify = (steps: readonly Step[], token = text, log = origin) =>
  ingestKeyVerifier(log, () => Promise.resolve(after(...steps).of(ingestKeysKey))).verify(token);
const refused = (steps: readonly Step[], token?: string, log?: string) =>
  expect(verify(steps, token, log)).rejects.toMatchObject({ code: 'token_invalid', members: {} });

describe('an ingest key does not count', () => {
  it('before a quorum has signed, be it one officer twice', async () => {
    await refused([]);
    await refused(by(issue(), ['officer1']));
    await refused(by(issue(), ['officer1', 'officer1']));
  });
  it('by the word of an approver', () => refused(by(issue(), ['officer1', 'approver1'])));
  it('with another secret, or as another key', async () => {
    await refused(by(issue()), ingestKeyText(keyId, randomBytes(32)));
    await refused(by(issue()), ingestKeyText('0000000000000000', secret));
    await refused(by(issue()), ingestKeyText('0000000000000000', new Uint8Array(32)));
  });
  it('for another source than its HMAC was made for, or in another log', async () => {
    await refused(by(issue({ source: 'other' })));
    await refused(by(issue()), text, 'custos.example/other');
  });
  it('from the moment it expires', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(start + 30 * day - 1);
    expect(await verify(by(issue()))).toMatchObject({ id: recorder });
    jest.spyOn(Date, 'now').mockReturnValue(start + 30 * day);
    await refused(by(issue()));
  });
  it('from its revocation by one officer on, and never again', async () => {
    const gone = [...by(issue()), ...by(revoke, ['officer3'], 1)];
    await refused(gone);
    await refused([...gone, ...by(issue(), ['officer1', 'officer2'], 2)]);
  });
  it.each(['', 'custos-ingest.', `${text}A`, text.slice(0, -1), text.toUpperCase(), `${text}=`, ` ${text}`])('as %j', (token) =>
    refused(by(issue()), token)); // prettier-ignore
});

it('an ingest key is its source, with the role source alone, until it expires', async () => {
  const person = { id: recorder, roles: new Set(['source']), tokenExpiresAt: start + 30 * day };
  expect(await verify(by(issue()))).toEqual(person);
});

describe('an act is nothing to sign', () => {
  const rules = (act: Act, steps: readonly Step[] = []) => {
    const told = tell(...steps);
    const state = after(() => told);
    const head: Head = { at: told.at, size: told.entries.length, of: (key) => state.of(key) };
    const kind = ingestKeyActs.find((one) => one.kind === act.kind);
    return kind?.objection?.(act.body, head, 'officer1' as PersonId, actId())?.rules;
  };
  it('that would change nothing', () => {
    expect(rules(issue())).toBeUndefined();
    expect(rules(issue(), by(issue()))).toEqual(['key_known']);
    expect(rules(issue({ expiresAt: start + 400 * day + 1 }))).toEqual(['key_expiry_too_far']);
    expect(rules(issue({ expiresAt: start }))).toEqual(['key_expired']);
    expect(rules(revoke)).toEqual(['key_not_enrolled']);
    expect(rules(revoke, [...by(issue()), later(1), ...by(revoke, ['officer1'], 1)])).toEqual(['key_not_enrolled']);
  });
  it('that would make a source of a subject', () => {
    const [kind] = ingestKeyActs;
    expect(kind?.body.safeParse(issue({ source: 'subject:s1' }).body).success).toBe(false);
  });
});

it('the log holds an HMAC-SHA-256 over key, source and log, keyed by the secret', () => {
  const claims = encodeCanonical({ format: 'custos/ingest-key/v1', keyId, origin, source: recorder });
  const mac = createHmac('sha256', secret).update(claims).digest('hex');
  expect((issue().body as { mac: string }).mac).toBe(mac);
  expect(JSON.stringify(issue())).not.toContain(secret.toString('hex'));
});

it('a key and a token of the provider are told apart by their beginning, and neither is tried as the other', async () => {
  const asked: string[] = [];
  const one = (name: string) => ({
    verify: () => {
      asked.push(name);
      return Promise.reject(new Error(name));
    },
  });
  const either = eitherVerifier(one('provider'), one('key'));
  for (const token of [text, 'eyJhbGciOiJFZERTQSJ9.e30.AA', 'custos-ingest.x', 'Custos-ingest.x']) {
    await expect(either.verify(token)).rejects.toBeDefined();
  }
  expect(asked).toEqual(['key', 'provider', 'key', 'provider']);
});
