import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { armored, authenticator, namespace, skBlob, type Differing } from './authenticator.spec.js';
import { envelopeOf, openEnvelope, pae, signEnvelope } from './dsse.js';
import { generateSigningKey, sign } from './signature.js';
import { sodiumReady } from './sodium.js';
import { unarmored, verifySshSignature } from './ssh-signature.js';
import { formatVerifyingKey, parseVerifyingKey, type VerifyingKey } from './verifying-key.js';

beforeAll(sodiumReady);

const message = new TextEncoder().encode('what is signed');
const ssh = (key: VerifyingKey | undefined) => key as Required<VerifyingKey>;

describe('a signature of OpenSSH (vectors that ssh-keygen made)', () => {
  interface Vector {
    readonly proves: string;
    readonly expect: 'valid' | 'invalid';
    readonly key: string;
    readonly namespace: string;
    readonly message: string;
    readonly armored: string;
  }
  const file = resolve(process.cwd(), 'src/sealing/vectors/ssh-signatures.v1.json');
  it.each(JSON.parse(readFileSync(file, 'utf8')) as Vector[])('is $expect: $proves', (vector) => {
    const signature = unarmored(vector.armored) as Uint8Array;
    const about = { namespace: vector.namespace, message: Buffer.from(vector.message, 'hex'), signature };
    expect(verifySshSignature(ssh(parseVerifyingKey(vector.key)), about)).toBe(vector.expect === 'valid');
  });
});

describe('a signature of an authenticator is invalid', () => {
  const one = authenticator();
  const isValid = (signature: Uint8Array, key = one.key) => verifySshSignature(key, { namespace, message, signature });
  const invalid = (differing: Differing) => expect(isValid(one.sign(message, differing))).toBe(false);

  it('if nobody touched it, even if it knows who it is', () => {
    invalid({ flags: 0 });
    invalid({ flags: 4 });
  });
  it('with extensions, or flags that we do not know', () => {
    invalid({ flags: 0x81 });
    invalid({ flags: 0x41 });
    invalid({ flags: 0x03 });
  });
  it('made for a web site, or for another application of OpenSSH', () => {
    invalid({ application: 'https://example.com' });
    invalid({ application: 'ssh:other' });
  });
  it('if its blob names another application than the one that was enrolled', () =>
    invalid({ application: 'ssh:other', saysKey: skBlob(one.key.publicKey, 'ssh:other') }));
  it('if its blob names another key, or another kind of signature, though this key made it', () => {
    invalid({ saysKey: skBlob(authenticator().key.publicKey, 'ssh:') });
    for (const saysType of ['', 'sk-ssh-ed25519', 'sk-ssh-ed25519@openssh.con', 'sk-ssh-ed25519@openssh.com+'])
      invalid({ saysType });
  });
  it('with anything behind its blob', () => expect(isValid(Uint8Array.of(...one.sign(message), 0))).toBe(false));
  it('in another namespace', () => invalid({ namespace: 'file' }));
  it('with flags or counter changed afterwards', () => {
    for (const at of [1, 2, 3, 4, 5]) {
      const changed = one.sign(message);
      changed[changed.length - at] = (changed.at(-at) as number) ^ (at === 5 ? 4 : 1);
      expect(isValid(changed)).toBe(false);
    }
  });
  it('with anything behind it', () => invalid({ after: [0] }));
  it('cut off, wherever', () => {
    const whole = one.sign(message);
    for (let length = 0; length < whole.length; length += 1) expect(isValid(whole.slice(0, length))).toBe(false);
  });
  it('by another authenticator', () => expect(isValid(authenticator().sign(message))).toBe(false));
});

describe('a signature of an authenticator is valid', () => {
  it.each([1, 5])('with the flags %i, and whatever counter', (flags) => {
    const { key, sign: signs } = authenticator('ssh:custos');
    for (const counter of [0, 1, 0xffffffff]) {
      expect(verifySshSignature(key, { namespace, message, signature: signs(message, { flags, counter }) })).toBe(true);
    }
  });
});

describe('the scheme is that of the enrolled key', () => {
  const type = namespace;
  const rule = (key: VerifyingKey, signature: Uint8Array) => {
    const opened = openEnvelope(envelopeOf(type, message, { keyId: 'k', signature }), type, () => key);
    return opened.kind === 'refused' ? opened.rule : opened.kind;
  };

  it('so that a bare signature is none of an SSH key, though the Ed25519 key is the same', () => {
    const { publicKey, seed } = generateSigningKey();
    const bare = sign(seed, pae(type, message));
    expect(rule({ publicKey }, bare)).toBe('opened');
    expect(rule({ publicKey, ssh: { type: 'ssh-ed25519' } }, bare)).toBe('signature_invalid');
    expect(rule({ publicKey, ssh: { type: 'sk-ssh-ed25519@openssh.com', application: 'ssh:' } }, bare)).toBe('signature_invalid'); // prettier-ignore
    expect(signEnvelope(type, message, { keyId: 'k', seed }).signatures[0]?.sig).toBe(Buffer.from(bare).toString('base64')); // prettier-ignore
  });
  it('so that a key of an authenticator signs as one, and as nothing else', () => {
    const { key, sign: signs } = authenticator();
    const { publicKey } = key;
    const signature = signs(pae(type, message));
    expect(rule(key, signature)).toBe('opened');
    expect(rule({ publicKey }, signature)).toBe('signature_invalid');
    expect(rule({ publicKey, ssh: { type: 'ssh-ed25519' } }, signature)).toBe('signature_invalid');
  });
});

describe('the text of a key', () => {
  const { publicKey } = generateBare();
  const line = formatVerifyingKey({ publicKey, ssh: { type: 'ssh-ed25519' } });
  const lineOf = (name: string, blob: Uint8Array) => `${name} ${Buffer.from(blob).toString('base64')}`;

  it('is one', () => {
    for (const key of [{ publicKey }, { publicKey, ssh: { type: 'ssh-ed25519' } as const }, authenticator('ssh:a').key])
      expect(parseVerifyingKey(formatVerifyingKey(key))).toEqual(key);
  });
  it.each([
    ['a comment', `${line} somebody`],
    ['two spaces', line.replace(' ', '  ')],
    ['another name before it', line.replace('ssh-ed25519', 'ssh-rsa')],
    ['a byte more', lineOf('ssh-ed25519', Buffer.concat([Buffer.from(line.split(' ')[1] ?? '', 'base64'), Buffer.of(0)]))],
    ['the application of a web site', lineOf('sk-ssh-ed25519@openssh.com', skBlob(publicKey, 'https://example.com'))],
    ['an application with a space', lineOf('sk-ssh-ed25519@openssh.com', skBlob(publicKey, 'ssh: '))],
    ['a key of 31 bytes', lineOf('sk-ssh-ed25519@openssh.com', skBlob(publicKey.slice(1), 'ssh:'))],
    ['nothing', ''],
  ])('is no text of a key with %s', (_, text) => expect(parseVerifyingKey(text)).toBeUndefined()); // prettier-ignore
});

function generateBare() {
  return authenticator().key;
}

const has = spawnSync('ssh-keygen', ['-?']).error === undefined;
if (!has) console.warn('skipped: there is no ssh-keygen here');
(has ? describe : describe.skip)('a real ssh-keygen', () => {
  let dir: string;
  beforeAll(() => (dir = mkdtempSync(join(tmpdir(), 'custos-ssh-'))));
  afterAll(() => rmSync(dir, { recursive: true }));

  /** What `ssh-keygen -Y verify` says. */
  function accepts(key: VerifyingKey, blob: Uint8Array): boolean {
    const [signers, signature] = [join(dir, 'signers'), join(dir, 'signature')];
    writeFileSync(signers, `ann namespaces="${namespace}" ${formatVerifyingKey(key)}\n`);
    writeFileSync(signature, armored(blob));
    const args = ['-Y', 'verify', '-f', signers, '-I', 'ann', '-n', namespace, '-s', signature];
    return spawnSync('ssh-keygen', args, { input: message }).status === 0;
  }

  it('signs what is valid here, and accepts it itself', () => {
    const path = join(dir, 'id_ed25519');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path]);
    const key = ssh(parseVerifyingKey(readFileSync(`${path}.pub`, 'utf8').trim()));
    const text = execFileSync('ssh-keygen', ['-Y', 'sign', '-n', namespace, '-f', path], { input: message, stdio: ['pipe', 'pipe', 'ignore'] }).toString(); // prettier-ignore
    const signature = unarmored(text) as Uint8Array;
    expect(verifySshSignature(key, { namespace, message, signature })).toBe(true);
    expect(accepts(key, signature)).toBe(true);
    expect(armored(signature)).toBe(text);
  });
  it('accepts what the authenticator of these tests makes, and refuses what it did not sign', () => {
    const one = authenticator('ssh:custos');
    expect(accepts(one.key, one.sign(message))).toBe(true);
    expect(accepts(one.key, one.sign(message, { application: 'ssh:other' }))).toBe(false);
  });
});
