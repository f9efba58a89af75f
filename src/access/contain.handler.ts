import { randomUUID } from 'node:crypto';
import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { mostProbesAtOnce, type KeyholderPort } from '../keys/keyholder-port.js';
import { KEYHOLDER } from '../keys/keyholder-token.js';
import type { ContainmentReported, OpenReading } from '../log/entries.js';
import type { CommandId, ContainmentId, PersonId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { written, type Written } from '../log/written.js';
import { accessKey } from './access-state.js';
import { readingsSince, Tally, type Contained, type Reading } from './containment.js';
import { DiscloseHandler } from './disclose.handler.js';

/** The last step is the report; without it the containment proves nothing. */
export type ContainmentStep =
  | ({ readonly kind: 'open' } & OpenReading)
  | { readonly kind: 'progress'; readonly probed: number }
  | ({ readonly kind: 'report' } & ContainmentReported & Written);

export class Contain extends Command<AsyncIterable<ContainmentStep>> {
  constructor(
    readonly officer: PersonId,
    /** From when on, epoch milliseconds, and what alone is tried; each member that is left out is all of it. */
    readonly asked: Omit<Contained, 'containment'>,
  ) {
    super();
  }
}

/**
 * Tries again all that could be read, by the one handler and the one keyholder that serve readers. Both are asked about
 * each reading, whatever the other said: a layer that lets through what the next one holds back is an incident already.
 */
@CommandHandler(Contain)
export class ContainHandler implements ICommandHandler<Contain> {
  constructor(
    private readonly log: Log,
    private readonly readers: DiscloseHandler,
    @Inject(KEYHOLDER) private readonly keyholder: KeyholderPort,
  ) {}

  async execute({ officer, asked }: Contain): Promise<AsyncIterable<ContainmentStep>> {
    const state = (await this.log.refreshed()).of(accessKey);
    const contained = { containment: randomUUID() as ContainmentId, ...asked };
    return this.steps(officer, contained, readingsSince(state, asked));
  }

  private async *steps(officer: PersonId, contained: Contained, readings: Iterable<Reading>) {
    const tally = new Tally(contained);
    for (const batch of inBatches(readings, mostProbesAtOnce)) {
      yield* (await this.probe(officer, contained, batch, tally)).map((open) => ({ kind: 'open' as const, ...open }));
      yield { kind: 'progress' as const, probed: tally.report.probed };
    }
    const { report } = tally;
    const committed = await this.log.append(
      writeCommand(randomUUID() as CommandId, officer, { containment: contained.containment }),
      () => ({
        entries: [{ type: 'containment.reported', stream: `containment/${contained.containment}`, data: report }],
        answer: null,
      }),
    );
    yield { kind: 'report' as const, ...report, ...(await written(committed)) };
  }

  /** Together, so that they share the commits of the log and one look of the keyholder at it. */
  private async probe(officer: PersonId, { containment }: Contained, batch: readonly Reading[], tally: Tally) {
    const tried = await Promise.all(
      batch.map(({ person, grant, session, field }) =>
        this.readers.probe({
          commandId: randomUUID() as CommandId,
          officer,
          containment,
          person,
          grant,
          session,
          fields: [field],
        }),
      ),
    );
    const verdicts = await this.keyholder.probe(tried.map(({ position }) => position));
    return batch.flatMap((reading, index) => {
      const layers = { service: tried[index]?.allowed !== false, keyholder: verdicts[index]?.opens !== false };
      return tally.add(reading, layers) ?? [];
    });
  }
}

function* inBatches<T>(all: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const one of all) {
    batch.push(one);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
