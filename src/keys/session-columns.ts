import { hash } from 'node:crypto';
import type { BodyStore } from '../log/body-store.js';
import type { DisclosureMade } from '../log/entries.js';
import type { FieldName } from '../log/fields.js';
import type { Entry, EntryOf } from '../log/header.js';
import type { LogReader } from '../log/log-reader.js';
import { expiryOf, type Expiry, type Retention } from './retention.js';
import { Problem } from '../problem.js';
import type { ColumnValue } from '../sealing/column.js';
import { openColumn } from '../sealing/open-column.js';
import type { Secret } from '../sealing/secret.js';
import { columnKey, openSessionKey } from '../sealing/session-key.js';

export interface OpenSession {
  readonly reader: LogReader;
  readonly bodies: BodyStore;
  readonly origin: string;
  readonly keyPair: { readonly publicKey: Uint8Array; readonly secretKey: Secret };
  readonly asked: DisclosureMade;
  /** The grant's closed range of time, epoch milliseconds. */
  readonly range: { readonly from: number; readonly to: number };
  /** As the keyholder has verified it, and again up to now: a sweep may be at work while a session is read. */
  readonly retention: Retention;
  readonly rereadRetention: () => Promise<Retention>;
  /** The entry at a position, as a signed checkpoint covers it. @throws Problem log_corrupt, log_unavailable */
  readonly proven: (position: number) => Promise<Entry>;
}

export type Batch = EntryOf<'session.batch'>;

/** A column as it is stored, and what the log says of it. */
export type FoundColumn =
  | { readonly kind: 'sealed'; readonly sealed: Uint8Array }
  /** Past its retention: not opened, also where it is still there. */
  | ({ readonly kind: 'expired' } & Expiry)
  /** The batch never had one. */
  | { readonly kind: 'absent' };

export type Column =
  Exclude<FoundColumn, { kind: 'sealed' }> | { readonly kind: 'opened'; readonly values: readonly ColumnValue[] };

/** The sealed columns of one session: those of a batch are read together, and opened one by one. */
export class SessionColumns {
  private readonly keys: SessionKeys;
  private readonly signedBatches = new Map<number, Batch>();
  private retention: Retention;

  constructor(
    private readonly session: OpenSession,
    entries: readonly Entry[],
  ) {
    this.retention = session.retention;
    this.keys = new SessionKeys(session.keyPair, entries);
  }

  /** @throws Problem tampered */
  async find(batch: Batch, field: FieldName): Promise<FoundColumn> {
    const directory = batch.columns.find((column) => column.field === field);
    if (directory === undefined) return { kind: 'absent' };
    const expiry = await this.expiry(batch, field);
    if (expiry !== undefined) return { kind: 'expired', ...expiry };
    const sealed = await this.session.bodies.column(batch.position, field);
    if (sealed === undefined) return this.missing(batch, field);
    if (!hash('sha256', sealed, 'buffer').equals(directory.sha256)) {
      throw new Problem('tampered', { position: batch.position });
    }
    return { kind: 'sealed', sealed };
  }

  /** @throws Problem tampered, key_unknown */
  async open(batch: Batch, field: FieldName, found: FoundColumn): Promise<Column> {
    if (found.kind !== 'sealed') return found;
    // Once more: of a column that was read beside it, it may have become known that it is deleted by now.
    const expiry = await this.expiry(batch, field);
    if (expiry !== undefined) return { kind: 'expired', ...expiry };
    return { kind: 'opened', values: this.unseal(batch, field, found.sealed) };
  }

  /** Whether retention has taken nothing since these were opened. Asked right before they are released. */
  async areCurrent(): Promise<boolean> {
    const { expired } = this.retention;
    this.retention = await this.session.rereadRetention();
    return this.retention.expired === expired;
  }

  wipe(): void {
    this.keys.wipe();
  }

  /**
   * The batch as the log signed it: its row may say another time by now, and with it that nothing is past its retention.
   * @throws Problem tampered
   */
  async signed({ position, id }: Batch): Promise<Batch> {
    const known = this.signedBatches.get(position);
    if (known !== undefined) return known;
    const entry = await this.session.proven(position).catch((error: unknown) => {
      throw error instanceof Problem && error.code === 'log_corrupt' ? new Problem('tampered', { position }) : error;
    });
    if (entry.type !== 'session.batch' || Buffer.compare(entry.id, id) !== 0)
      throw new Problem('tampered', { position });
    this.signedBatches.set(position, entry);
    return entry;
  }

  /** Proven only where it matters: where nothing of a field has expired, no time of an entry is asked for. */
  private async expiry(batch: Batch, field: FieldName): Promise<Expiry | undefined> {
    if (!this.retention.expired.has(field)) return undefined;
    return expiryOf(this.retention, field, (await this.signed(batch)).at);
  }

  /** Deleted while the session is read, or taken away by somebody: the log says which. */
  private async missing(batch: Batch, field: FieldName): Promise<FoundColumn> {
    this.retention = await this.session.rereadRetention();
    const expiry = await this.expiry(batch, field);
    if (expiry === undefined) throw new Problem('tampered', { position: batch.position });
    return { kind: 'expired', ...expiry };
  }

  private unseal(batch: Batch, field: FieldName, sealed: Uint8Array): readonly ColumnValue[] {
    const { count, catalogue, epoch } = batch.data;
    const { origin, asked } = this.session;
    // The session that was granted, not the batch's own: a row moved into its stream must not open.
    const bound = { origin, session: asked.session, entry: batch.id, field, count, catalogue };
    const key = columnKey(this.keys.of(epoch, batch.position), field);
    const opened = openColumn(key, bound, sealed);
    key.wipe();
    if (opened.kind === 'tampered') throw new Problem('tampered', { position: batch.position });
    return opened.values;
  }
}

/** Session keys by epoch, opened when first needed and wiped at the end. */
class SessionKeys {
  private readonly opened = new Map<string, Secret>();
  private readonly sealed: ReadonlyMap<string, Uint8Array>;

  constructor(
    private readonly keyPair: OpenSession['keyPair'],
    entries: readonly { type: string; data: unknown }[],
  ) {
    const keyed = entries.filter((entry): entry is EntryOf<'session.keyed'> => entry.type === 'session.keyed');
    this.sealed = new Map(keyed.map(({ data }) => [hex(data.epoch), data.sealedKey]));
  }

  of(epoch: Uint8Array, position: number): Secret {
    const known = this.opened.get(hex(epoch));
    if (known !== undefined) return known;
    const sealed = this.sealed.get(hex(epoch));
    if (sealed === undefined) throw new Problem('key_unknown', { position });
    const result = openSessionKey(this.keyPair, sealed);
    if (result.kind === 'tampered') throw new Problem('tampered', { position });
    this.opened.set(hex(epoch), result.sessionKey);
    return result.sessionKey;
  }

  wipe(): void {
    for (const key of this.opened.values()) key.wipe();
  }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
