import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Actor } from '../log/entries.js';
import type { FieldName } from '../log/fields.js';
import type { CommandId, Position } from '../log/ids.js';
import { Log } from '../log/log.js';
import { retentionStream } from '../log/claimed-expiries.js';
import { due, expiredBefore, retentionKey, type Due } from './retention.js';
import { ownCommand, writeCommand } from '../log/write-command.js';
import type { Written } from '../log/written.js';
import type { KeyholderPort } from './keyholder-port.js';
import { KEYHOLDER } from './keyholder-token.js';

interface Swept extends Pick<Written, 'receipts'> {
  /** Given up by this sweep: a field's columns in every entry older than `before`, epoch milliseconds. */
  readonly expired: readonly { readonly field: FieldName; readonly before: number; readonly position: Position }[];
  /** Columns deleted now, those of earlier sweeps that had not come so far included. */
  readonly deleted: number;
}

export class SweepRetention extends Command<Swept> {
  constructor(
    readonly commandId: CommandId,
    readonly actor: Actor,
    /** A field is given up again only for at least so much more: instances that sweep in turn write one entry. */
    readonly leastMs = 0,
  ) {
    super();
  }
}

@CommandHandler(SweepRetention)
export class SweepRetentionHandler implements ICommandHandler<SweepRetention> {
  /** Up to which size of the log no column of a field was found: none comes in there later. */
  private readonly emptyBelow = new Map<FieldName, number>();

  constructor(
    private readonly log: Log,
    @Inject(KEYHOLDER) private readonly keyholder: KeyholderPort,
  ) {}

  async execute({ commandId, actor, leastMs }: SweepRetention): Promise<Swept> {
    const wanted = await this.fieldsToSweep(leastMs);
    const committed = await this.log.append(writeCommand(commandId, actor, 'sweep'), (head) => {
      const found = due(head.of(retentionKey), head.at).filter(({ field }) => wanted.has(field));
      const entries = found.map((data) => ({ type: 'columns.expired', stream: retentionStream, data }) as const);
      return { entries, answer: found };
    });
    // Committed: nobody opens these columns any more. If we stop here, the next sweep deletes them.
    const { answer, positions } = committed;
    const expired = answer.map(({ field, before }, index) => ({
      field,
      before,
      position: positions[index] as Position,
    }));
    return { expired, deleted: await this.deleteAll(), receipts: await committed.receipts() };
  }

  /** Fields that are due and have a column to lose; an entry about nothing would be noise. */
  private async fieldsToSweep(leastMs: number): Promise<ReadonlySet<FieldName>> {
    // By the database's clock, which is the one that decides below.
    const { answer } = await this.log.append(ownCommand('look-at-retention'), (head) => {
      const state = head.of(retentionKey);
      const looked = due(state, head.at).map((one) => ({ ...one, since: expiredBefore(state, one.field) }));
      return { entries: [], answer: looked.filter(({ before, since }) => before - since >= leastMs) };
    });
    const wanted = new Set<FieldName>();
    for (const one of answer) if (await this.hasColumns(one)) wanted.add(one.field);
    return wanted;
  }

  private async hasColumns({ field, before, since }: Due & { since: number }): Promise<boolean> {
    const { reader, bodies } = this.log;
    const from = Math.max(await reader.sizeAt(since - 1), this.emptyBelow.get(field) ?? 0);
    const to = await reader.sizeAt(before - 1);
    if (await bodies.holds(field, from, to)) return true;
    this.emptyBelow.set(field, to);
    return false;
  }

  private async deleteAll(): Promise<number> {
    let deleted = 0;
    for (;;) {
      const { columns, done } = await this.keyholder.deleteExpired();
      deleted += columns;
      if (done) return deleted;
    }
  }
}
