import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { sign, verify } from '../sealing/signature.js';
import { createDevPeople, devTokenIssuer, mintDevToken, signingKeyPath } from './dev-people.js';
import { readSigningKey as read } from './signing-key.js';
import { tokenVerifier } from './tokens.js';
import { keyIdOf } from './trust.js';

const noPassphrase = () => Promise.reject(new Error('nobody was to be asked'));
const readSigningKey = (path: string) => read(path, noPassphrase);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'custos-dev-'));
});
afterEach(() => rm(dir, { recursive: true }));

const signers = ['approver1', 'approver2', 'approver3', 'officer1', 'officer2', 'officer3'];
const people = ['source', 'researcher', 'researcher2', ...signers, 'auditor'];
const roleOf = (name: string) => name.replace(/[0-9]$/, '');
const usage = { code: 'usage', members: {} };

describe('development people', () => {
  it.each(['root', 'approver4', '', 'constructor', '__proto__', 'subject', 'subject:', 'subject:a b', 'subject:../x'])(
    'get no token for the name %j',
    async (name) => {
      await createDevPeople(dir);
      await expect(mintDevToken(dir, name)).rejects.toMatchObject(usage);
    },
  );
  it('get no token from a folder without an issuer', () =>
    expect(mintDevToken(dir, 'auditor')).rejects.toMatchObject(usage));
  it('get no token from a broken issuer, whose text is not repeated', async () => {
    await createDevPeople(dir);
    await writeFile(join(dir, 'issuer.jwk'), '{"d":"canary-4711');
    const refusal = await mintDevToken(dir, 'auditor').catch((error: unknown) => error);
    expect(refusal).toMatchObject(usage);
    expect(inspect(refusal, { depth: 9 })).not.toContain('canary');
  });
  it('have their secrets in files that only their owner may read, in a folder that was open before', async () => {
    await mkdir(join(dir, 'people'));
    await chmod(join(dir, 'people'), 0o755);
    await createDevPeople(dir);
    const modes = [
      ...signers.map((name) => signingKeyPath(dir, name)),
      join(dir, 'issuer.jwk'),
      join(dir, 'jwks.json'),
    ];
    for (const path of modes) expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(dir, 'people'))).mode & 0o777).toBe(0o700);
  });
  it('never have the private half in the published key set', async () => {
    await createDevPeople(dir);
    const { keys } = JSON.parse(await readFile(join(dir, 'jwks.json'), 'utf8')) as { keys: object[] };
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x']]);
  });
  it('stay who they are when made again, and when made twice at once', async () => {
    const [once, again] = await Promise.all([createDevPeople(dir), createDevPeople(dir)]);
    expect(again).toEqual(once);
    const token = await mintDevToken(dir, 'auditor');
    expect(await createDevPeople(dir)).toEqual(once);
    const verifier = await tokenVerifier(devTokenIssuer(join(dir, 'jwks.json')));
    expect((await verifier.verify(token)).id).toBe('auditor');
    expect((await readdir(join(dir, 'people'))).sort()).toEqual(signers.map((name) => `${name}.key.json`));
  });
  it('sign with keys of their own, which the trust file can name', async () => {
    const trusted = await createDevPeople(dir);
    expect(trusted.map(({ person, role }) => [person, role])).toEqual(signers.map((name) => [name, roleOf(name)]));
    const message = new TextEncoder().encode('approved');
    for (const { person, keyId, publicKey } of trusted) {
      const key = await readSigningKey(signingKeyPath(dir, person));
      expect([key.person, key.keyId, Buffer.from(key.publicKey).toString('base64')]).toEqual([
        person,
        keyId,
        publicKey,
      ]);
      expect(keyIdOf(key.publicKey)).toBe(keyId);
      expect(verify(key.publicKey, message, sign(key.seed, message))).toBe(true);
    }
    expect(new Set(trusted.map(({ keyId }) => keyId)).size).toBe(signers.length);
  });
  it.each(people)('can ask as %s, for an hour', async (name) => {
    await createDevPeople(dir);
    const verifier = await tokenVerifier(devTokenIssuer(join(dir, 'jwks.json')));
    const token = await mintDevToken(dir, name);
    const { exp, iat } = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
    const tokenExpiresAt = exp * 1000;
    expect(await verifier.verify(token)).toEqual({ id: name, roles: new Set([roleOf(name)]), tokenExpiresAt });
    expect(exp - iat).toBe(3600);
  });
  it('can ask as any subject', async () => {
    await createDevPeople(dir);
    const verifier = await tokenVerifier(devTokenIssuer(join(dir, 'jwks.json')));
    expect(await verifier.verify(await mintDevToken(dir, 'subject:s-1'))).toMatchObject({ subject: 's-1' });
  });
});

describe('a signing key is refused', () => {
  it('when its parts do not belong together', async () => {
    await createDevPeople(dir);
    const [one, other] = await Promise.all(
      ['approver1', 'approver2'].map(async (name) => JSON.parse(await readFile(signingKeyPath(dir, name), 'utf8'))),
    );
    for (const part of ['seed', 'publicKey', 'keyId']) {
      const path = join(dir, 'mixed.json');
      await writeFile(path, JSON.stringify({ ...one, [part]: other[part] }));
      await expect(readSigningKey(path)).rejects.toMatchObject(usage);
    }
  });
  it('when it is not there', () => expect(readSigningKey(join(dir, 'none'))).rejects.toMatchObject(usage));
  it('when it is short, and its text is not repeated', async () => {
    await createDevPeople(dir);
    const whole = JSON.parse(await readFile(signingKeyPath(dir, 'officer1'), 'utf8'));
    const path = join(dir, 'short.json');
    await writeFile(path, JSON.stringify({ ...whole, seed: Buffer.alloc(31, 7).toString('base64') }));
    const refusal = await readSigningKey(path).catch((error: unknown) => error);
    expect(refusal).toMatchObject(usage);
    expect(inspect(refusal, { depth: 9 })).not.toContain('BwcH');
  });
});

it('a signing key shows no secret when it is printed', async () => {
  await createDevPeople(dir);
  const path = signingKeyPath(dir, 'officer1');
  const { seed } = JSON.parse(await readFile(path, 'utf8')) as { seed: string };
  const key = await readSigningKey(path);
  for (const text of [inspect(key, { depth: 9 }), JSON.stringify(key)]) expect(text).not.toContain(seed);
});
