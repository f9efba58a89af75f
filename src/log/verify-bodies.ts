import { hashBytes } from '../merkle/hash.js';
import type { BodyStore, StoredColumn } from './body-store.js';
import type { Findings } from './checks.js';
import type { ClaimedExpiries } from './claimed-expiries.js';
import { fieldNames, type FieldName } from './field-catalogue.js';
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
  const seen = new Seen(columns);
  let hashed = 0;
  for await (const page of bodies.scan(columns.from, columns.to)) {
    hashed += page.length;
    const hashes = await hashAll(worker, page);
    for (const [at, { position, field, sealed }] of page.entries()) {
      const listed = columns.of(position).find((column) => column.field === field);
      if (listed === undefined) {
        if (!unknown.has(position)) findings.report(position, 'body_unlisted');
        continue;
      }
      seen.add(position, field);
      const hash = hashes.subarray(at * hashBytes, (at + 1) * hashBytes);
      const same = sealed.length === listed.bytes && Buffer.compare(hash, listed.sha256) === 0;
      if (!same) findings.report(position, 'body_changed');
      if (expiries.mustBeGone(field, columns.at(position))) findings.report(position, 'body_expired');
    }
  }
  if (unexplained(columns, seen, expiries).length > 0) await expiries.read();
  for (const position of unexplained(columns, seen, expiries)) findings.report(position, 'body_missing');
  return hashed;
}

/** The position of every column that is not there and that the log did not give up. */
function unexplained(columns: PageColumns, seen: Seen, expiries: ClaimedExpiries): number[] {
  const { from, to, latest } = columns;
  // What is gone of the last entry that lists a field is gone of all.
  if ([...latest].every(([field, at]) => expiries.mayBeGone(field, at))) return [];
  return Array.from({ length: to - from }, (_, index) => from + index).flatMap((position) =>
    columns
      .of(position)
      .filter(({ field }) => !seen.has(position, field) && !expiries.mayBeGone(field, columns.at(position)))
      .map(() => position),
  );
}

/** Which columns of a page were there. */
class Seen {
  private readonly marks: Uint8Array;

  constructor(private readonly page: Pick<PageColumns, 'from' | 'to'>) {
    this.marks = new Uint8Array((page.to - page.from) * fieldNames.length);
  }

  add(position: number, field: FieldName): void {
    this.marks[this.at(position, field)] = 1;
  }

  has(position: number, field: FieldName): boolean {
    return this.marks[this.at(position, field)] === 1;
  }

  private at = (position: number, field: FieldName) =>
    (position - this.page.from) * fieldNames.length + fieldNames.indexOf(field);
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
  const bytes = new Uint8Array(new SharedArrayBuffer(lengths.reduce((sum, length) => sum + length, 0)));
  let at = 0;
  for (const { sealed } of page) {
    bytes.set(sealed, at);
    at += sealed.length;
  }
  const task = { bytes, lengths };
  return bytes.length < bytesWorthThreads ? hashEach(task) : worker.run('hash', task);
}
