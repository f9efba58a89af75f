import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base64url, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { claimIn, RoleNames, tokenIssuer, type TokenIssuer } from './token-issuer.js';
import { tokenVerifier, type TokenVerifier } from './tokens.js';

const issuer = 'https://issuer.example';
const hour = 3600;
const day = 24 * hour;

type Key = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
let dir: string;
let verifier: TokenVerifier;
let ed25519: Key;
let es256: Key;
let stranger: Key;
let publicPem: string;
let keys: object[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'custos-tokens-'));
  const first = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const second = await generateKeyPair('ES256');
  const rsa = await generateKeyPair('RS256');
  [ed25519, es256, stranger] = [first.privateKey, second.privateKey, (await generateKeyPair('EdDSA')).privateKey];
  publicPem = await exportSPKI(first.publicKey);
  keys = [
    { ...(await exportJWK(first.publicKey)), kid: 'one' },
    { ...(await exportJWK(second.publicKey)), kid: 'two' },
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256' },
  ];
  verifier = await verifierOf({ keys });
  rsaKey = rsa.privateKey;
});
let rsaKey: Key;
afterAll(() => rm(dir, { recursive: true }));

async function verifierOf(set: unknown, differing: Partial<TokenIssuer> = {}): Promise<TokenVerifier> {
  const file = join(dir, 'jwks.json');
  await writeFile(file, JSON.stringify(set));
  return tokenVerifier(from(file, differing));
}
const from = (file: string, differing: Partial<TokenIssuer> = {}) =>
  tokenIssuer({ issuer, keys: { in: 'file', file }, ...differing });

const now = () => Math.floor(Date.now() / 1000);
const claims = (differing: JWTPayload = {}): JWTPayload => ({
  iss: issuer,
  aud: 'custos',
  sub: 'alice',
  roles: ['researcher'],
  iat: now() - 60,
  exp: now() + hour,
  ...differing,
});

interface Signing {
  readonly alg?: string;
  readonly kid?: string;
  readonly typ?: string | undefined;
  readonly key?: Key | Uint8Array;
}
function signed(payload: JWTPayload, { alg = 'EdDSA', kid = 'one', key = ed25519, ...rest }: Signing = {}) {
  const typ = 'typ' in rest ? rest.typ : 'at+jwt';
  return new SignJWT(payload).setProtectedHeader({ alg, kid, ...(typ === undefined ? {} : { typ }) }).sign(key);
}
const verify = async (token: Promise<string> | string) => verifier.verify(await token);
const refused = (token: Promise<string> | string) =>
  expect(verify(token)).rejects.toMatchObject({ code: 'token_invalid', members: {} });

describe('a token is not valid', () => {
  it('without a signature', () => refused(new UnsecuredJWT(claims()).encode()));
  it('with alg none in the header of a signed one', async () => {
    const [, payload, signature] = (await signed(claims())).split('.') as [string, string, string];
    await refused(`${base64url.encode('{"alg":"none","typ":"JWT"}')}.${payload}.${signature}`);
    await refused(`${base64url.encode('{"alg":"none","typ":"JWT"}')}.${payload}.`);
  });
  it('with an HMAC under our public key as the secret', () =>
    refused(signed(claims(), { alg: 'HS256', key: new TextEncoder().encode(publicPem) })));
  it('under another algorithm, though its key is in the set', () =>
    refused(signed(claims(), { alg: 'RS256', kid: 'rsa', key: rsaKey })));
  it('under a key that is not in the set', () => refused(signed(claims(), { key: stranger })));
  it('under an unknown key id', () => refused(signed(claims(), { kid: 'three' })));
  it("under another key's id", () => refused(signed(claims(), { kid: 'two' })));
  it('when one byte of it was changed', async () => {
    const [header, , signature] = (await signed(claims())).split('.') as [string, string, string];
    await refused(`${header}.${base64url.encode(JSON.stringify(claims({ sub: 'mallory' })))}.${signature}`);
  });
  it('from another issuer', () => refused(signed(claims({ iss: 'https://other.example' }))));
  it('without an issuer', () => refused(signed(without('iss'))));
  it('for another audience', () => refused(signed(claims({ aud: 'payroll' }))));
  it('without an audience', () => refused(signed(without('aud'))));
  it('without an expiry', () => refused(signed(without('exp'))));
  it('without the time it was made', () => refused(signed(without('iat'))));
  it('without a subject claim', () => refused(signed(without('sub'))));
  it('without roles', () => refused(signed(without('roles'))));
  it('once expired', () => refused(signed(claims({ exp: now() - 30 }))));
  it('before it begins', () => refused(signed(claims({ nbf: now() + 60 }))));
  it('made in the future', () => refused(signed(claims({ iat: now() + 60, exp: now() + hour }))));
  it('made more than a day ago, however late it expires', () =>
    refused(signed(claims({ iat: now() - day - 60, exp: now() + day }))));
  it.each(['JWT', 'logout+jwt', 'JWS', 'id+jwt'])('of the type %s', (typ) => refused(signed(claims(), { typ })));
  it('of no type', () => refused(signed(claims(), { typ: undefined })));
  it('for an id that none of ours can be', () => refused(signed(claims({ sub: 'a b' }))));
  it('for the name that the service itself acts under', () => refused(signed(claims({ sub: 'custos' }))));
  it('with roles that are not a list of names', () => refused(signed(claims({ roles: 'researcher' }))));
  it('of a subject without the role subject', () => refused(signed(claims({ sub: 'subject:s1' }))));
  it('with the role subject for somebody else', () => refused(signed(claims({ roles: ['subject'] }))));
  it('of a subject who has another role too', () =>
    refused(signed(claims({ sub: 'subject:s1', roles: ['subject', 'officer'] }))));
  it('of a subject without an id', () => refused(signed(claims({ sub: 'subject:', roles: ['subject'] }))));
  it.each(['', 'x', 'a.b.c', 'x'.repeat(100_000)])('that is no token at all', (text) => refused(text));
});

describe('a token is valid', () => {
  it('under Ed25519', async () => {
    const tokenExpiresAt = expect.any(Number) as number;
    expect(await verify(signed(claims()))).toEqual({ id: 'alice', roles: new Set(['researcher']), tokenExpiresAt });
  });
  it('under ES256', async () => {
    expect((await verify(signed(claims(), { alg: 'ES256', kid: 'two', key: es256 }))).id).toBe('alice');
  });
  it.each(['AT+JWT', 'application/at+jwt'])('of the type %s', async (typ) => {
    expect((await verify(signed(claims(), { typ }))).id).toBe('alice');
  });
  it('within the tolerance of clocks', async () => {
    expect((await verify(signed(claims({ exp: now() - 1 })))).id).toBe('alice');
  });
  it('almost a day after it was made', async () => {
    expect((await verify(signed(claims({ iat: now() - day + 60 })))).id).toBe('alice');
  });
  it('until it expires, and no longer than a day', async () => {
    const [iat, exp] = [now() - 60, now() + hour];
    expect((await verify(signed(claims({ iat, exp })))).tokenExpiresAt).toBe(exp * 1000);
    expect((await verify(signed(claims({ iat, exp: now() + 2 * day })))).tokenExpiresAt).toBe((iat + day) * 1000);
  });
  it('with roles that we do not know, which are left out', async () => {
    const { roles } = await verify(signed(claims({ roles: ['owner', 'auditor', 'toString'] })));
    expect([...roles]).toEqual(['auditor']);
  });
  it('for a subject', async () => {
    expect(await verify(signed(claims({ sub: 'subject:s1', roles: ['subject'] })))).toEqual({
      id: 'subject:s1',
      roles: new Set(['subject']),
      subject: 's1',
      tokenExpiresAt: expect.any(Number),
    });
  });
});

describe('where the provider can do no better', () => {
  it('tokens of the type JWT are taken, but for what only ID tokens and logout tokens have', async () => {
    const lax = await verifierOf({ keys }, { type: 'JWT' });
    const of = (more: JWTPayload, typ = 'JWT') => signed(claims(more), { typ }).then((token) => lax.verify(token));
    expect((await of({})).id).toBe('alice');
    expect((await of({}, 'at+jwt')).id).toBe('alice');
    for (const name of ['nonce', 'at_hash', 'c_hash', 's_hash', 'events']) {
      await expect(of({ [name]: 'x' })).rejects.toMatchObject({ code: 'token_invalid' });
    }
    await expect(of({}, 'logout+jwt')).rejects.toMatchObject({ code: 'token_invalid' });
  });
  it('RSA is taken, if it was asked for, and then nothing else', async () => {
    const rsa = await verifierOf({ keys }, { algorithms: ['RS256'] });
    expect((await rsa.verify(await signed(claims(), { alg: 'RS256', kid: 'rsa', key: rsaKey }))).id).toBe('alice');
    await expect(rsa.verify(await signed(claims()))).rejects.toMatchObject({ code: 'token_invalid' });
  });
  it('person and roles stand elsewhere, under other names', async () => {
    const roleNames = RoleNames.parse('vault readers=researcher, https://x/board=approver');
    const mapped = await verifierOf({ keys }, { personClaim: 'https://x/name', rolesClaim: '/realm/a~1b', roleNames });
    const more = {
      'https://x/name': 'ann',
      realm: { 'a/b': ['vault readers', 'https://x/board', 'officer', 'auditor'] },
    };
    const person = await mapped.verify(await signed(claims(more)));
    expect([person.id, [...person.roles]]).toEqual(['ann', ['researcher', 'approver']]);
    await expect(mapped.verify(await signed(claims()))).rejects.toMatchObject({ code: 'token_invalid' });
  });
  it.each(['a=owner', 'a', '=researcher', 'a=researcher,a=officer', 'a=researcher;b=officer'])('no names of roles are %j', (text) =>
    expect(RoleNames.safeParse(text).success).toBe(false)); // prettier-ignore
  it('a claim that is not its own is none', () => {
    expect(claimIn({}, 'constructor')).toBeUndefined();
    expect(claimIn({ a: 'text' }, '/a/length')).toBeUndefined();
  });
});

describe('a header', () => {
  /** A key of whoever forges, offered in the ways that RFC 7515 §4.1 knows. */
  it.each(['jwk', 'jku', 'x5u', 'x5c'])('that brings a key as %s gets no look at it', async (name) => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const jwk = await exportJWK(publicKey);
    const offered = { jwk, jku: 'http://127.0.0.1:9/keys', x5u: 'http://127.0.0.1:9/chain', x5c: ['AAAA'] }[name];
    for (const kid of ['one', 'theirs']) {
      const header = { alg: 'EdDSA', typ: 'at+jwt', kid, [name]: offered };
      await refused(new SignJWT(claims()).setProtectedHeader(header).sign(privateKey));
    }
  });
  it.each(['../../etc/passwd', "' OR 1=1 --", '/dev/null', ''])('that names the key %j names none', (kid) =>
    refused(signed(claims(), { kid })),
  );
  it('that demands what we do not know is refused', () =>
    refused(new SignJWT(claims()).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'one', crit: ['exp'], exp: 1 }).sign(ed25519, { crit: { exp: true } }))); // prettier-ignore
});

describe('a key set is refused', () => {
  const unreadable = {
    code: 'setting_invalid',
    members: { issues: [expect.objectContaining({ path: 'CUSTOS_JWKS_FILE' })] },
  };
  it('when it is not there', () =>
    expect(tokenVerifier(from(join(dir, 'absent.json')))).rejects.toMatchObject(unreadable));
  it('with a private key', async () => {
    const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    await expect(verifierOf({ keys: [await exportJWK(privateKey)] })).rejects.toMatchObject(unreadable);
  });
  it('with a shared secret', () =>
    expect(verifierOf({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] })).rejects.toMatchObject(unreadable));
  it('without a key', () => expect(verifierOf({ keys: [] })).rejects.toMatchObject(unreadable));
});

function without(claim: string): JWTPayload {
  const { [claim]: _left, ...others } = claims();
  return others;
}
