import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { encodeStatement, type Signer } from '../identity/signed-statement.js';
import { keyIdOf } from '../identity/trust.js';
import type { PersonId } from '../log/ids.js';
import { envelopeOf, openEnvelope, pae } from '../sealing/dsse.js';
import { sodiumReady } from '../sealing/sodium.js';
import { unarmored } from '../sealing/ssh-signature.js';
import { parseVerifyingKey, type VerifyingKey } from '../sealing/verifying-key.js';
import { wrongUse } from './refusal.js';

/**
 * Signs through `ssh-keygen -Y sign`, which asks for passphrase, PIN and touch by itself, and the agent where one has
 * the key. The private key is never read here.
 * @param file the private key, or its public half whose private one the agent has
 * @throws Problem usage
 */
export async function openSshSigner(file: string, person: PersonId): Promise<Signer> {
  await sodiumReady();
  const key = await publicLine(file.endsWith('.pub') ? file : `${file}.pub`);
  if (key?.ssh === undefined) {
    throw wrongUse('--ssh-key', 'an ssh-ed25519 or sk-ssh-ed25519@openssh.com key with its .pub file beside it');
  }
  return {
    person,
    async sign(type, statement) {
      const { payloadType } = type;
      const payload = encodeStatement(type, statement);
      const signature = unarmored(await askSshKeygen(file, payloadType, pae(payloadType, payload)));
      const keyId = keyIdOf(key.publicKey);
      const envelope = envelopeOf(payloadType, payload, { keyId, signature: signature ?? new Uint8Array() });
      // Found out here, and not by the service after the person believed to have signed.
      if (openEnvelope(envelope, payloadType, () => key).kind !== 'opened') {
        throw wrongUse('--ssh-key', 'a key that belongs to its .pub file, and asks to be touched if it is a FIDO key');
      }
      return envelope;
    },
  };
}

/** The key of a `.pub` file, without its comment; undefined if it is none that can sign here. */
export async function publicLine(file: string): Promise<VerifyingKey | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [type = '', blob = ''] = text.trim().split(/\s+/);
  return parseVerifyingKey(`${type} ${blob}`);
}

function askSshKeygen(file: string, namespace: string, message: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = spawn('ssh-keygen', ['-Y', 'sign', '-n', namespace, '-f', file], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let answer = '';
    asked.stdout.setEncoding('utf8').on('data', (part: string) => (answer += part));
    asked.on('error', () => reject(wrongUse('--ssh-key', 'needs ssh-keygen of OpenSSH 8.2 or newer')));
    asked.on('close', (status) =>
      status === 0 ? resolve(answer) : reject(wrongUse('--ssh-key', 'ssh-keygen did not sign')),
    );
    // It may end before it has read all: its exit code says so.
    asked.stdin.on('error', () => undefined);
    asked.stdin.end(message);
  });
}
