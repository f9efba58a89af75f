import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { classOf, fieldNames, type FieldClass, type FieldName } from '../log/fields.js';
import type { Position } from '../log/ids.js';
import { Log } from '../log/log.js';
import { inForce, noticeMs, retentionKey, type Retention } from './retention.js';

export interface FieldRetention {
  readonly field: FieldName;
  readonly class: FieldClass;
  /** In force now; null: kept for good. */
  readonly days: number | null;
  /** Of the entry that set it, null where none did. */
  readonly position: Position | null;
  /** Set, and shorter, so that it is not in force yet. */
  readonly next: { readonly days: number; readonly from: number; readonly position: Position } | null;
  /** Columns of entries with a time below `before` are gone; `position` is the entry that gave them up. */
  readonly expired: { readonly before: number; readonly position: Position } | null;
}

export class ShowRetention extends Query<{ fields: readonly FieldRetention[] }> {}

@QueryHandler(ShowRetention)
export class ShowRetentionHandler implements IQueryHandler<ShowRetention> {
  constructor(private readonly log: Log) {}

  async execute(): Promise<{ fields: readonly FieldRetention[] }> {
    return { fields: viewRetention((await this.log.refreshed()).of(retentionKey), Date.now()) };
  }
}

/** Every field of the catalogue, also those that nothing was set for. */
export const viewRetention = (state: Retention, at: number): FieldRetention[] =>
  fieldNames.map((field) => {
    const setting = inForce(state, field, at);
    const last = state.settings.get(field)?.at(-1);
    const waits = last !== undefined && last.days !== null && last.position !== setting?.position;
    return {
      field,
      class: classOf(field),
      days: setting?.days ?? null,
      position: setting?.position ?? (waits ? null : (last?.position ?? null)),
      next: waits ? { days: last.days, from: last.at + noticeMs, position: last.position } : null,
      expired: state.expired.get(field) ?? null,
    };
  });
