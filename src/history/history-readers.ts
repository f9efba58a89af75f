import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { toHex } from '../access/hex.js';
import type { HistoryRead } from '../log/entries.js';
import type { CommandId, PersonId, Position, SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';

const stream = 'history';

/** Who watches is watched: a question about the past is an entry before anybody has the answer. */
@Injectable()
export class HistoryReadings {
  constructor(private readonly log: Log) {}

  /** Returns where the question stands: all below it is over. */
  async note(
    reader: PersonId,
    { subject, ...data }: HistoryRead & { readonly subject?: SubjectId },
  ): Promise<Position> {
    const command = writeCommand(randomUUID() as CommandId, reader, { question: data.question });
    const about = subject === undefined ? {} : { subject };
    const { positions } = await this.log.append(command, () => ({
      entries: [{ type: 'history.read', stream, ...about, data }],
      answer: null,
    }));
    // Durable from here on; an answer that fails now was asked for all the same.
    return positions[0] as Position;
  }
}

export interface HistoryReader {
  readonly position: Position;
  readonly at: number;
  readonly reader: string;
  readonly subject?: SubjectId;
  /** `policy`: hex. */
  readonly asked: Omit<HistoryRead, 'policy'> & { readonly policy?: string };
}

export interface HistoryReadersAnswer {
  readonly readers: readonly HistoryReader[];
  /** What to ask for as `after` to get the next ones; null if there are none yet. */
  readonly next: number | null;
}

/** Who looked at the past, and what they asked, in order. */
export class HistoryReaders extends Query<HistoryReadersAnswer> {
  constructor(
    readonly after: number,
    readonly limit: number,
  ) {
    super();
  }
}

@QueryHandler(HistoryReaders)
export class HistoryReadersHandler implements IQueryHandler<HistoryReaders> {
  constructor(private readonly log: Log) {}

  async execute({ after, limit }: HistoryReaders): Promise<HistoryReadersAnswer> {
    const last = after + limit;
    // One more says whether there are more.
    const found = await this.log.reader.stream(stream, { from: after, below: last + 1 });
    const readers = found.slice(0, limit).flatMap((entry) => {
      if (entry.type !== 'history.read') return [];
      const { position, at, actor: reader, subject } = entry;
      const { policy, ...data }: { policy?: unknown } & Omit<HistoryRead, 'policy'> = entry.data;
      const asked = { ...data, ...(policy instanceof Uint8Array ? { policy: toHex(policy) } : {}) };
      return [{ position, at, reader, ...(subject === undefined ? {} : { subject }), asked }];
    });
    return { readers, next: found.length > limit ? last : null };
  }
}
