import { hashBytes } from '../merkle/hash.js';
import type { BodyStore, StoredColumn } from './body-store.js';
import type { Findings } from './checks.js';
import type { ClaimedExpiries } from './claimed-expiries.js';
import { hashEach } from './hash-each.js';
import type { PageColumns } from './page-columns.js';
import type { PageWorker } from './page-work.js';

/** Below this a page of columns is hashed sooner than another thread could be told of it. */
const bytesWorthThreads = 64 * 1024;

/**
 * Compares the sealed columns of a page of entries with what its headers say of them. One that is missing is missing
 * rightly exactly if the log has given it up. Returns how many it hashed. `unknown` are positions without a header
 * that can be relied on: it was reported, and there is nothing to compare their columns with.
 */
export async function verifyBodies(
  { bodies, worker, expiries, findings }: BodyVerification,
  columns: PageColumns,
  unknown: ReadonlySet<number>,
): Promise<number> {
  const seen = new Uint8Array(columns.count);
  let hashed = 0;
  for await (const page of bodies.scan(columns.from, columns.to)) {
    hashed += page.length;
    const hashes = await hashAll(worker, page);
    for (const [at, { position, field, sealed }] of page.entries()) {
      const index = columns.find(position, field);
      if (index === undefined) {
        if (!unknown.has(position)) findings.report(position, 'body_unlisted');
        continue;
      }
      seen[index] = 1;
      const hash = hashes.subarray(at * hashBytes, (at + 1) * hashBytes);
      const same = sealed.length === columns.bytes(index) && Buffer.compare(hash, columns.sha256(index)) === 0;
      if (!same) findings.report(position, 'body_changed');
      if (expiries.mustBeGone(field, columns.at(index))) findings.report(position, 'body_expired');
    }
  }
  const unexplained = () => {
    const missing = [];
    for (let index = 0; index < columns.count; index += 1) {
      if (seen[index] === 0 && !expiries.mayBeGone(columns.field(index), columns.at(index))) missing.push(index);
    }
    return missing;
  };
  if (unexplained().length > 0) await expiries.read();
  for (const index of unexplained()) findings.report(columns.position(index), 'body_missing');
  return hashed;
}

export interface BodyVerification {
  readonly bodies: BodyStore;
  readonly worker: PageWorker;
  readonly expiries: ClaimedExpiries;
  readonly findings: Findings;
}

/** The SHA-256 of each, end to end. */
async function hashAll(worker: PageWorker, page: readonly StoredColumn[]): Promise<Uint8Array> {
  const lengths = page.map(({ sealed }) => sealed.length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const { sealed } of page) {
    bytes.set(sealed, at);
    at += sealed.length;
  }
  const task = { bytes, lengths };
  return bytes.length < bytesWorthThreads ? hashEach(task) : worker.run('hash', task, [bytes.buffer]);
}
