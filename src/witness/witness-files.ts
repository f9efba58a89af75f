import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { formatCosignerKey } from '../merkle/cosignature.js';
import { ed25519Signer, parseVerifierKey, type NoteSigner } from '../merkle/note.js';
import { Problem } from '../problem.js';
import type { FollowedLog } from './follow-log.js';
import type { KnownLog } from './judge-checkpoint.js';

export const witnessFiles = (dir: string) => ({
  key: join(dir, 'witness.key'),
  logs: join(dir, 'witness.json'),
  memory: join(dir, 'witness'),
});

const KeyName = z
  .string()
  .max(200)
  .regex(/^[^\s+\p{Cc}]+$/u);
export const Url = z.url({ protocol: /^https?$/ }).refine((url) => !url.endsWith('/'));

/** A verifier key as it is written, parsed. Names the rule, never the value. */
const LogKey = z.string().transform((text, context) => {
  try {
    return parseVerifierKey(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'verifier key' });
    return z.NEVER;
  }
});

/** Which logs a witness knows. One without `url` is witnessed as it submits its checkpoints itself. */
const WitnessFile = z.strictObject({
  name: KeyName,
  logs: z
    .array(
      z.strictObject({
        origin: z.string().min(1).max(200),
        key: LogKey,
        url: Url.optional(),
        tokenFile: z.string().min(1).optional(),
      }),
    )
    .max(1000)
    .refine((logs) => new Set(logs.map(({ origin }) => origin)).size === logs.length),
});

export interface WitnessSetup {
  readonly signer: NoteSigner;
  readonly logs: readonly (KnownLog | FollowedLog)[];
}

/** @throws Problem witness_file_invalid, with every place that is wrong and no value */
export async function readWitnessFiles(dir: string): Promise<WitnessSetup> {
  const files = witnessFiles(dir);
  const { name, logs } = parsed(files.logs, await readFile(files.logs, 'utf8').catch(() => ''), WitnessFile);
  const seed = await readFile(files.key, 'utf8').catch(() => '');
  if (!/^[0-9a-f]{64}\s*$/.test(seed)) {
    throw new Problem('witness_file_invalid', { file: files.key, issues: [{ path: '', rule: '64 hex digits' }] });
  }
  return {
    signer: ed25519Signer(name, Buffer.from(seed.trim(), 'hex')),
    logs: logs.map(({ origin, key, url, tokenFile }) => ({
      origin,
      verifiers: [key],
      ...(url === undefined ? {} : { url }),
      // Beside the file that names it, wherever the process was started.
      ...(tokenFile === undefined ? {} : { tokenFile: resolve(dirname(files.logs), tokenFile) }),
    })),
  };
}

/**
 * Makes key and list of logs where they are missing, and never touches what is there.
 * @throws Problem witness_file_invalid, also for what is there already
 */
export async function initWitness(dir: string, file: z.input<typeof WitnessFile>): Promise<{ key: string }> {
  const files = witnessFiles(dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  parsed(files.logs, JSON.stringify(file), WitnessFile);
  await writeNew(files.key, `${randomBytes(32).toString('hex')}\n`);
  await writeNew(files.logs, `${JSON.stringify(file, undefined, 2)}\n`);
  const { signer } = await readWitnessFiles(dir);
  return { key: formatCosignerKey(signer.name, signer.publicKey) };
}

/** @throws Problem witness_file_invalid */
export function parsed<T>(file: string, text: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem('witness_file_invalid', { file, issues: [{ path: '', rule: 'JSON' }] });
  }
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  // No message: some repeat what was written.
  const issues = error.issues.map(({ path, code }) => ({ path: path.map(String).join('.'), rule: code }));
  throw new Problem('witness_file_invalid', { file, issues });
}

async function writeNew(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: 'wx', mode: 0o600 }).catch((error: { code?: string }) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
