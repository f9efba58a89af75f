import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyReceipt } from '../log/receipt.js';
import { trustedLogKey, type LogKey } from './receipt.js';
import { notVerified, wrongUse } from './refusal.js';

export type KeepReceipts = (receipts: readonly unknown[]) => Promise<void>;

/**
 * Keeps what verifies under the log's key of the trust file. Everything that can be wrong here is found out before
 * anything is sent: afterwards it would be an error about something that is done.
 * @throws Problem usage, trust_file_invalid
 */
export async function receiptKeeper(dir: string, trustFile: string): Promise<KeepReceipts> {
  const logKey = await trustedLogKey(trustFile);
  await mkdir(dir, { recursive: true, mode: 0o700 }).catch(unwritable);
  return async (receipts) => {
    for (const receipt of receipts) await saveReceipt(dir, verified(receipt, logKey), String(receipt));
  };
}

/** Into a folder that is there. C2SP tlog-proof names the extension. @throws Problem usage */
export async function saveReceipt(dir: string, position: number, receipt: string): Promise<void> {
  await writeFile(join(dir, `${position}.tlog-proof`), receipt).catch(unwritable);
}

/** The position of its entry. @throws Problem not_verified: the write was answered, and not proven */
function verified(receipt: unknown, logKey: LogKey): number {
  const result = verifyReceipt(typeof receipt === 'string' ? receipt : '', logKey);
  if (result.kind === 'refused') throw notVerified(result.position, result.check);
  return result.entry.position;
}

function unwritable(): never {
  throw wrongUse('--receipts', 'a place that can be written');
}
