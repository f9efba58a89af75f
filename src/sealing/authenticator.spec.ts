import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { VerifyingKey } from './verifying-key.js';

/**
 * A FIDO authenticator behind `ssh-keygen -Y sign`, for tests: written from PROTOCOL.u2f and PROTOCOL.sshsig of OpenSSH,
 * with Node's own signatures and none of our encoders. What it makes, a real `ssh-keygen -Y verify` accepts.
 */
export interface Authenticator {
  readonly key: Required<VerifyingKey>;
  /** The blob inside the armor. */
  sign(message: Uint8Array, differing?: Differing): Uint8Array;
}
export interface Differing {
  readonly namespace?: string;
  readonly flags?: number;
  readonly counter?: number;
  /** What the authenticator believes to sign for, whatever the blob says. */
  readonly application?: string;
  /** What the blob says of the key. */
  readonly saysKey?: Uint8Array;
  /** What the blob says of the signature's kind. */
  readonly saysType?: string;
  readonly after?: readonly number[];
}

export const namespace = 'application/vnd.custos.approval+json';

export function authenticator(application = 'ssh:'): Authenticator {
  const pair = generateKeyPairSync('ed25519');
  const { x = '' } = pair.publicKey.export({ format: 'jwk' });
  const publicKey = new Uint8Array(Buffer.from(x, 'base64url'));
  const type = 'sk-ssh-ed25519@openssh.com' as const;
  const privateKey = createPrivateKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const blob = skBlob(publicKey, application);
  return {
    key: { publicKey, ssh: { type, application } },
    sign(message, { flags = 1, counter = 7, after = [], ...differing }: Differing = {}) {
      const space = differing.namespace ?? namespace;
      const signed = Buffer.concat([
        Buffer.from('SSHSIG'),
        ...[space, '', 'sha512', createHash('sha512').update(message).digest()].map(string),
      ]);
      const assertion = Buffer.concat([Buffer.of(flags), uint32(counter)]);
      const forSite = sha256(Buffer.from(differing.application ?? application));
      const signature = sign(null, Buffer.concat([forSite, assertion, sha256(signed)]), privateKey);
      const inner = Buffer.concat([
        string(differing.saysType ?? type),
        string(signature),
        assertion,
        Buffer.from(after),
      ]);
      return new Uint8Array(
        Buffer.concat([
          Buffer.from('SSHSIG'),
          uint32(1),
          ...[differing.saysKey ?? blob, space, '', 'sha512', inner].map(string),
        ]),
      );
    },
  };
}

export const skBlob = (publicKey: Uint8Array, application: string): Uint8Array =>
  Buffer.concat(['sk-ssh-ed25519@openssh.com', publicKey, application].map(string));

export const armored = (blob: Uint8Array): string => {
  const lines =
    Buffer.from(blob)
      .toString('base64')
      .match(/.{1,70}/g) ?? [];
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`;
};

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
function string(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
