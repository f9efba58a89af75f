import { createHash } from 'node:crypto';
import type { BodyStore } from '../log/body-store.js';
import type { DisclosureMade } from '../log/entries.js';
import type { FieldName } from '../log/fields.js';
import type { EntryOf } from '../log/header.js';
import type { LogReader } from '../log/log-reader.js';
import { Problem } from '../problem.js';
import { openColumn, type ColumnValue } from '../sealing/column.js';
import type { Secret } from '../sealing/secret.js';
import { columnKey, openSessionKey } from '../sealing/session-key.js';
import { countedBatches } from './released-batches.js';
import type { OpenedBatch } from './keyholder-port.js';

/** Epoch milliseconds, and the record's own way of telling its time, if it has one. */
type TimeValue = [time: number, raw?: ColumnValue];

export interface OpenSession {
  readonly reader: LogReader;
  readonly bodies: BodyStore;
  readonly origin: string;
  readonly keyPair: { readonly publicKey: Uint8Array; readonly secretKey: Secret };
  readonly asked: DisclosureMade;
  /** The grant's closed range of time, epoch milliseconds. */
  readonly range: { readonly from: number; readonly to: number };
}

/** Opens the granted columns of a session, batch by batch, and touches no other. */
export async function* openSession(session: OpenSession): AsyncGenerator<OpenedBatch> {
  const { reader, asked, range } = session;
  const entries = await reader.stream(`session/${asked.session}`, { below: asked.versions });
  const { batches, records } = countedBatches(entries, range);
  // The budget was charged by the service's count: a smaller one than ours would be a way around it.
  if (records > asked.records) throw new Problem('keyholder_refused');
  const keys = new SessionKeys(session, entries);
  try {
    for (const batch of batches) {
      const opened = await openBatch(session, keys, batch);
      if (opened.sequences.length > 0) yield opened;
    }
  } finally {
    keys.wipe();
  }
}

async function openBatch(
  session: OpenSession,
  keys: SessionKeys,
  batch: EntryOf<'session.batch'>,
): Promise<OpenedBatch> {
  const { asked, range } = session;
  // Each record's time is sealed too. It is opened to cut at the grant's range, and released only if granted.
  const times = (await openOne(session, keys, batch, 'time')) as TimeValue[];
  const opened: [FieldName, readonly ColumnValue[]][] = [];
  for (const field of asked.fields) {
    const values = field === 'time' ? times.map(([, raw]) => raw) : await openOne(session, keys, batch, field);
    if (values !== undefined) opened.push([field, values]);
  }
  // Records that hold nothing of what was granted stay out: how many there are between two others is content too.
  const timesGranted = asked.fields.includes('time');
  const released = times.flatMap(([time], index) => {
    const tells = timesGranted || opened.some(([, values]) => values[index] !== undefined);
    return tells && time >= range.from && time <= range.to ? [index] : [];
  });
  return {
    sequences: released.map((index) => batch.data.first + index),
    times: timesGranted ? released.map((index) => times[index]?.[0] as number) : [],
    columns: Object.fromEntries(opened.map(([field, values]) => [field, released.map((index) => values[index])])),
  };
}

async function openOne(
  { bodies, origin, asked }: OpenSession,
  keys: SessionKeys,
  batch: EntryOf<'session.batch'>,
  field: FieldName,
): Promise<readonly ColumnValue[] | undefined> {
  const directory = batch.columns.find((column) => column.field === field);
  if (directory === undefined) return undefined;
  const sealed = await bodies.column(batch.position, field);
  if (sealed === undefined || !createHash('sha256').update(sealed).digest().equals(directory.sha256)) {
    throw new Problem('tampered', { position: batch.position });
  }
  const { count, catalogue, epoch } = batch.data;
  // The session that was granted, not the batch's own: a row moved into its stream must not open.
  const { session } = asked;
  const key = columnKey(keys.of(epoch, batch.position), field);
  const opened = openColumn(key, { origin, session, entry: batch.id, field, count, catalogue }, sealed);
  key.wipe();
  if (opened.kind === 'tampered') throw new Problem('tampered', { position: batch.position });
  return opened.values;
}

/** Session keys by epoch, opened when first needed and wiped at the end. */
class SessionKeys {
  private readonly opened = new Map<string, Secret>();
  private readonly sealed: ReadonlyMap<string, Uint8Array>;

  constructor(
    private readonly session: OpenSession,
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
    const result = openSessionKey(this.session.keyPair, sealed);
    if (result.kind === 'tampered') throw new Problem('tampered', { position });
    this.opened.set(hex(epoch), result.sessionKey);
    return result.sessionKey;
  }

  wipe(): void {
    for (const key of this.opened.values()) key.wipe();
  }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
