import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeChannelSecret, readChannelSecret } from '../src/keys/keyholder-channel.js';
import type { KeyholderPort } from '../src/keys/keyholder-port.js';
import { connectKeyholder } from '../src/keys/remote-keyholder.js';
import type { VaultInProcess } from '../test/vault-in-process.js';

export interface OwnKeyholder {
  readonly keyholder: KeyholderPort;
  close(): Promise<void>;
}

/** `custos keyholder`, as production runs it: a process of its own, behind a socket, with a memory in a file. */
export async function ownKeyholder(vault: VaultInProcess): Promise<OwnKeyholder> {
  const dir = await mkdtemp(join(tmpdir(), 'custos-bench-'));
  const [socket, secret, rootKey, trust] = ['k.sock', 'secret', 'root.key', 'trust.json'].map((name) => join(dir, name)) as [string, string, string, string]; // prettier-ignore
  await makeChannelSecret(secret);
  await writeFile(rootKey, `${Buffer.from(vault.rootKey.bytes).toString('hex')}\n`, { mode: 0o600 });
  await vault.writeTrustFile(trust);
  const program = ['--import', join(import.meta.dirname, 'typescript.mjs'), join(import.meta.dirname, '../src/cli/main.ts')]; // prettier-ignore
  const child = spawn(process.execPath, [...program, 'keyholder'], {
    env: {
      PATH: process.env['PATH'],
      CUSTOS_KEYHOLDER_DATABASE_URL: vault.database.url('custos_keyholder'),
      CUSTOS_KEYHOLDER_SOCKET: socket,
      CUSTOS_KEYHOLDER_SECRET_FILE: secret,
      CUSTOS_ROOT_KEY_FILE: rootKey,
      CUSTOS_TRUST_FILE: trust,
      CUSTOS_KEYHOLDER_CHECKPOINT_FILE: join(dir, 'checkpoint'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', () => reject(new Error(`the keyholder ended: ${said}`)));
  });
  return {
    keyholder: connectKeyholder(socket, await readChannelSecret(secret)),
    async close() {
      child.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true });
    },
  };
}
