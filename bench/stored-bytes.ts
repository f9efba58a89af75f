import type { VaultInProcess } from '../test/vault-in-process.js';

/** Of headers and sealed columns: what a log takes, without PostgreSQL's own. */
export async function storedBytes(vault: VaultInProcess): Promise<number> {
  const { rows } = await vault.asIntruder(`SELECT coalesce((SELECT sum(length(sealed)) FROM log.body), 0)
    + (SELECT sum(length(header)) FROM log.entry) AS bytes`);
  return Number(rows[0].bytes);
}
