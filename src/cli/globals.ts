import { join } from 'node:path';
import type { Command } from 'commander';
import type { Client } from './client.js';

/** The options that every command takes, before or after its name, and the one of those that write. */
export interface Globals {
  readonly json: boolean;
  readonly as: string | undefined;
  readonly data: string;
  readonly receipts: string | undefined;
}

export function globals(command: Command): Globals {
  const { json, as, data, receipts } = command.optsWithGlobals<Partial<Globals> & { data: string }>();
  return { json: json === true, as, data, receipts };
}

/** The option of every command that writes. The client keeps the receipts, so that no command can forget it. */
export const withReceipts = (command: Command): Command =>
  command.option('--receipts <dir>', 'keep the receipts here; `custos verify FILE` checks them offline');

export const trustFilePath = (data: string): string => process.env['CUSTOS_TRUST_FILE'] || join(data, 'trust.json');

/** Who asks. Named on the line wins over the environment. Without a token the service says that it wants one. */
export async function tokenOf({ as, data }: Globals): Promise<string | undefined> {
  if (as === undefined) return process.env['CUSTOS_TOKEN'] || undefined;
  const { mintDevToken } = await import('../identity/dev-people.js');
  const { Problem } = await import('../problem.js');
  const { wrongUse } = await import('./refusal.js');
  return mintDevToken(data, as).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'usage') {
      throw wrongUse('--as', 'nobody of this name, or no people in the --data folder');
    }
    throw error;
  });
}

/** The person whom a token names, unverified: the service decides, this only fills in a default. */
export function personIn(token: string | undefined): string | undefined {
  try {
    const [, payload] = token?.split('.') ?? [];
    const { sub } = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as { sub?: unknown };
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}

export async function connect(options: Globals): Promise<Client & { readonly person: string | undefined }> {
  const { createClient } = await import('./client.js');
  const token = await tokenOf(options);
  const url = process.env['CUSTOS_URL'] || 'http://127.0.0.1:7100';
  const { receipts, data } = options;
  const keeping =
    receipts === undefined
      ? {}
      : { keep: await (await import('./keep-receipts.js')).receiptKeeper(receipts, trustFilePath(data)) };
  return { ...createClient({ url, ...(token === undefined ? {} : { token }), ...keeping }), person: personIn(token) };
}
