import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { base64url, exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import type { GrantId } from '../../src/log/ids.js';
import { claimsOf, testIssuer } from '../test-issuer.js';
import { researcher, typedRecords, VaultInProcess } from '../vault-in-process.js';
import { AppInProcess, type Told } from './app-in-process.js';

/**
 * Only an access token of the one issuer, for this service, says who asks. Everything else that looks like one, or is one
 * for something else, gets one answer, before anything is decided: nothing is read, and no entry tells of a reading.
 */
const secret = 'the secret';
let vault: VaultInProcess;
let app: AppInProcess;
let grant: GrantId;
beforeAll(async () => {
  vault = await VaultInProcess.start();
  app = await AppInProcess.start(vault);
  await vault.ingest('one', 's1', typedRecords(10, secret));
  grant = await vault.grant('one', ['typed'], { records: 100_000, disclosures: 100 });
});
afterAll(async () => {
  await app.close();
  await vault.stop();
});

const read = (headers: Record<string, string>, query = ''): Promise<Told> =>
  app.ask({ path: `/v1/grants/${grant}/disclosures${query}`, headers, body: { session: 'one' } });
const bearing = (token: string) => ({ authorization: `Bearer ${token}` });

const claims = () => claimsOf(researcher, 'researcher');
const signed = (differing: object = {}, header: Parameters<VaultInProcess['issuer']['signed']>[1] = {}) =>
  vault.issuer.signed({ ...claims(), ...differing }, header);
const publicKey = () => (JSON.parse(vault.issuer.jwks) as { keys: [{ x: string; kty: string; crv: string }] }).keys[0];
/** A signed token's payload under another header, signed with what everybody knows. */
async function underHmac(key: string | Buffer): Promise<string> {
  const [, payload] = (await signed()).split('.') as [string, string, string];
  const head = `${base64url.encode('{"alg":"HS256","typ":"at+jwt"}')}.${payload}`;
  return `${head}.${createHmac('sha256', key).update(head).digest('base64url')}`;
}
async function withOwnKey(said: (jwk: object) => object): Promise<string> {
  const own = generateKeyPairSync('ed25519');
  const header = { alg: 'EdDSA', typ: 'at+jwt', ...said({ ...(await exportJWK(own.publicKey)) }) };
  return new SignJWT(claims()).setProtectedHeader(header).sign(own.privateKey);
}

it('the right one is taken, and this is what it opens', async () => {
  const { status, text } = await read(bearing(await signed()));
  expect(status).toBe(200);
  expect(text).toContain(secret);
});

const forged: [string, () => string | Promise<string>][] = [
  ['without a signature', () => new UnsecuredJWT(claims()).encode()],
  ['with the signature taken off', async () => (await signed()).replace(/[^.]+$/, '')],
  ['under an HMAC with the issuer’s public key for a secret', () => underHmac(Buffer.from(publicKey().x, 'base64url'))],
  [
    'the same with the key as PEM',
    () => underHmac(createPublicKey({ key: publicKey(), format: 'jwk' }).export({ format: 'pem', type: 'spki' })),
  ],
  ['that brings its own key', () => withOwnKey((jwk) => ({ jwk }))],
  [
    'that says where its key is',
    () => withOwnKey(() => ({ jku: 'https://issuer.example/other', x5u: 'https://issuer.example/x' })),
  ],
  ['that names a key nobody has', () => withOwnKey(() => ({ kid: '../../../dev/null' }))],
  ['of another issuer, in the name of ours', async () => (await testIssuer()).signed(claims())],
  ['of ours, made for another service', () => signed({ aud: 'payroll' })],
  ['of ours, made for nobody', () => signed({ aud: undefined })],
  ['that says who somebody is, and gives no access', () => signed({ nonce: 'n' }, { typ: 'JWT' })],
  ['for a logout', () => signed({ events: {} }, { typ: 'logout+jwt' })],
  ['of the right issuer’s key, naming another', () => signed({ iss: 'https://issuer.example.evil.example' })],
  ['that ended', () => signed({ iat: 1_700_000_000, exp: 1_700_003_600 })],
  ['that never ends', () => signed({ exp: undefined })],
  ['of a subject who is a researcher too', () => signed({ sub: 'subject:s1' })],
];
it.each(forged)('a token %s', async (_what, token) => {
  const [shown, before] = [await token(), vault.log.size];
  const { status, code, text } = await read(bearing(shown));
  expect([status, code]).toEqual([401, 'token_invalid']);
  expect(text).not.toContain(shown);
  expect(vault.log.size).toBe(before);
});

it.each<[string, (token: string) => [Record<string, string>, string?]]>([
  ['in the address', (token) => [{}, `?access_token=${token}`]],
  ['in a cookie', (token) => [{ cookie: `access_token=${token}; authorization=Bearer ${token}` }]],
  ['under another scheme', (token) => [{ authorization: `Basic ${token}` }]],
  ['in a header of a proxy’s', (token) => [{ 'x-forwarded-access-token': token, 'x-forwarded-user': researcher }]],
])('the right one %s is none', async (_where, put) => {
  const before = vault.log.size;
  expect(await read(...put(await signed()))).toMatchObject({ status: 401, code: 'token_missing' });
  expect(vault.log.size).toBe(before);
});

it.each(['auditor', 'approver', 'officer', 'source'])(
  'the one of somebody who is %s opens nothing of hers',
  async (role) => {
    const { status, text } = await read(bearing(await vault.issuer.tokenOf(role, role)));
    expect(status).toBe(403);
    expect(text).not.toContain(secret);
  },
);
