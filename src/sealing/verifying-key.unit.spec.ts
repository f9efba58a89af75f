import { armored } from './authenticator.spec.js';
import { sodiumReady } from './sodium.js';
import { unarmored } from './ssh-signature.js';
import { wireString } from './ssh-wire.js';
import { formatVerifyingKey, parseVerifyingKey, sshKeyBlob, type VerifyingKey } from './verifying-key.js';

beforeAll(sodiumReady);

const publicKey = new Uint8Array(32).fill(7);
const fido = 'sk-ssh-ed25519@openssh.com';
const fidoKey = (application: string): VerifyingKey => ({ publicKey, ssh: { type: fido, application } });
const lineOf = (type: string, ...parts: (string | Uint8Array)[]) =>
  `${type} ${Buffer.concat(parts.map(wireString)).toString('base64')}`;

describe('the text of a key', () => {
  it('is its bytes, or the line that OpenSSH writes of it', () => {
    expect(formatVerifyingKey({ publicKey })).toBe('BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=');
    const plain: VerifyingKey = { publicKey, ssh: { type: 'ssh-ed25519' } };
    expect(formatVerifyingKey(plain)).toBe(lineOf('ssh-ed25519', 'ssh-ed25519', publicKey));
    expect(formatVerifyingKey(fidoKey('ssh:'))).toBe(lineOf(fido, fido, publicKey, 'ssh:'));
    expect(Buffer.from(sshKeyBlob(publicKey, { type: 'ssh-ed25519' })).toString('hex')).toBe(
      `0000000b7373682d6564323535313900000020${'07'.repeat(32)}`,
    );
  });

  it('names an application of OpenSSH, of printable characters and 64 of them at most', () => {
    for (const application of ['ssh:', 'ssh:!~', `ssh:${'a'.repeat(60)}`])
      expect(parseVerifyingKey(formatVerifyingKey(fidoKey(application)))).toEqual(fidoKey(application));
    for (const application of [
      `ssh:${'a'.repeat(61)}`,
      'ssh:\x7f',
      'ssh: ',
      'ssh:a\n',
      'ssh',
      '',
      'xssh:',
      'https://a',
    ])
      expect(parseVerifyingKey(formatVerifyingKey(fidoKey(application)))).toBeUndefined();
  });

  it.each<[string, string]>([
    ['31 bytes', Buffer.from(publicKey.subarray(1)).toString('base64')],
    ['33 bytes', Buffer.concat([publicKey, Buffer.of(7)]).toString('base64')],
    ['base64 without its padding', 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc'],
    ['base64 with bits left over', 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwd='],
    ['a line end', 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n'],
    ['a space before it', ' BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc='],
    ['its name and no bytes', 'ssh-ed25519 '],
    ['a key of 31 bytes', lineOf('ssh-ed25519', 'ssh-ed25519', publicKey.subarray(1))],
    ['another kind inside than before it', lineOf('ssh-ed25519', fido, publicKey, 'ssh:')],
    ['a kind of key that is not ours', lineOf('ssh-rsa', 'ssh-rsa', publicKey)],
    ['no application', lineOf(fido, fido, publicKey)],
    ['an application where none is', lineOf('ssh-ed25519', 'ssh-ed25519', publicKey, 'ssh:')],
    ['an application and more', lineOf(fido, fido, publicKey, 'ssh:', 'ssh:')],
    ['a kind that is like ours', lineOf('sk-ssh-ed25519', 'sk-ssh-ed25519', publicKey, 'ssh:')],
  ])('is none with %s', (_what, text) => expect(parseVerifyingKey(text)).toBeUndefined());
});

describe('the armor of a signature', () => {
  const blob = new Uint8Array(100).fill(3);
  const text = armored(blob);

  it('comes off, with either line end, and with none at the last line', () => {
    for (const one of [text, text.replaceAll('\n', '\r\n'), text.trimEnd()]) expect(unarmored(one)).toEqual(blob);
  });

  it.each([
    ['nothing', ''],
    ['nothing within', text.replace(/\n[^-]+\n/, '\n\n')],
    ['something before it', `x${text}`],
    ['something behind it', `${text}x`],
    ['two line ends behind it', `${text}\n`],
    ['no end', text.split('\n-----END')[0] as string],
    ['no beginning', text.split('SIGNATURE-----\n')[1] as string],
    ['the name of something else', text.replaceAll('SSH SIGNATURE', 'SSH KEY')],
    ['a space within', text.replace('AwMD', 'AwM ')],
  ])('is none with %s', (_what, one) => expect(unarmored(one)).toBeUndefined());
});
