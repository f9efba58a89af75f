import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { KeyholderPort, OpenedBatch } from '../keys/keyholder-port.js';
import { KEYHOLDER } from '../keys/keyholder-token.js';
import { leftOfColumns } from '../keys/expired-columns.js';
import { countedBatches } from '../keys/released-batches.js';
import { Inject, type OnApplicationShutdown } from '@nestjs/common';
import type { Head } from '../log/draft.js';
import type { EntryData } from '../log/entries.js';
import type { FieldName } from '../log/fields.js';
import { ownCopy, personOfSubject, type CommandId, type ContainmentId, type GrantId, type PersonId, type Position, type SessionId } from '../log/ids.js'; // prettier-ignore
import type { Governance } from '../log/governance.js';
import type { Entry } from '../log/header.js';
import { Log } from '../log/log.js';
import { retentionKey, type Retention } from '../keys/retention.js';
import { ownCommand, writeCommand } from '../log/write-command.js';
import { refusedAt, written } from '../log/written.js';
import { Problem } from '../problem.js';
import type { AccessState } from './access-state.js';
import { probed } from './containment.js';
import { disclose, streamOfDisclosure, type AskedDisclosure, type DisclosureAnswer } from './disclose.js';
import { accessKey } from './access-state.js';
import { anyTime } from './scope.js';

export interface Disclosed {
  readonly disclosure: Position;
  /** The entry and the proof that it is in the log: the reader has it before any plaintext. */
  readonly receipt: string;
  readonly session: SessionId;
  readonly format: string;
  readonly fields: readonly FieldName[];
  readonly batches: AsyncIterable<OpenedBatch>;
  /** Of the grant, epoch milliseconds. Undefined of a subject's own copy, which ends with their token. */
  readonly expiresAt: number | undefined;
}

export class Disclose extends Command<Disclosed> {
  constructor(
    readonly commandId: CommandId,
    readonly person: PersonId,
    readonly grant: GrantId,
    readonly session: SessionId,
    readonly fields: readonly FieldName[] | undefined,
    /** Only with `ownCopy` for a grant: the reader's own, for the keyholder. */
    readonly token?: string,
  ) {
    super();
  }
}

type Reading = Pick<Disclose, 'person' | 'grant' | 'session' | 'fields'>;
export interface Probe extends Reading {
  readonly commandId: CommandId;
  readonly containment: ContainmentId;
  readonly officer: PersonId;
}

type Outcome = EntryData['disclosure.completed']['outcome'];

interface Running {
  readonly person: PersonId;
  readonly ended: Promise<void>;
}
/** Of one subject. Nobody reads more than one at a time, and whoever is cut off begins anew. */
const mostCopiesAtOnce = 8;
const retryAfterSeconds = 5;

@CommandHandler(Disclose)
export class DiscloseHandler implements ICommandHandler<Disclose>, OnApplicationShutdown {
  private readonly running = new Set<Running>();

  constructor(
    private readonly log: Log,
    @Inject(KEYHOLDER) private readonly keyholder: KeyholderPort,
  ) {}

  /** @throws Problem those of the decision and of the keyholder, copies_full */
  async execute(asked: Disclose): Promise<Disclosed> {
    const end = this.begin(asked);
    return this.disclosed(asked, end).catch((error: unknown) => {
      end();
      throw error;
    });
  }

  private async disclosed(asked: Disclose, end: () => void): Promise<Disclosed> {
    const { entry, disclosure, receipt, format } = await this.decideAtHead(asked);
    // Committed: from here on the log says that this person has these records, whatever happens.
    const opened = this.keyholder.open(disclosure, asked.token)[Symbol.asyncIterator]();
    // The keyholder's refusal must reach the reader as an answer, not in the middle of a stream.
    const first = await opened.next().catch(async (error: unknown) => {
      await this.complete(disclosure, 0, 'failed');
      throw error;
    });
    return {
      disclosure,
      receipt,
      session: entry.session,
      format,
      fields: entry.fields,
      batches: this.released(disclosure, first, opened, end),
      expiresAt: this.log.state.of(accessKey).grants.get(entry.grant)?.expiresAt,
    };
  }

  /** Their readers are gone by now, and the log is still there: how they ended is written yet. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.running].map(({ ended }) => ended));
  }

  /** No budget bounds copies of one's own, and each that is open holds a session and its keys. Returns how to end it. */
  private begin({ person, grant }: Reading): () => void {
    const open = grant === ownCopy ? [...this.running].filter((one) => one.person === person).length : 0;
    if (open >= mostCopiesAtOnce) throw new Problem('copies_full', { limit: mostCopiesAtOnce, retryAfterSeconds });
    let settle = () => {};
    const running = { person, ended: new Promise<void>((resolve) => (settle = resolve)) };
    this.running.add(running);
    return () => {
      this.running.delete(running);
      settle();
    };
  }

  /** The same way, up to the keyholder, without a reader at its end: the entry says what the service would have done. */
  async probe(tried: Probe): Promise<{ position: Position; allowed: boolean }> {
    const { commandId, officer, containment, ...reading } = tried;
    const { decided } = await this.question(reading);
    const command = writeCommand(commandId, officer, { containment, ...reading });
    const { answer, positions } = await this.log.append(command, (head) => probed(decided(head), tried));
    return { position: positions[0] as Position, allowed: answer.allowed };
  }

  private async decideAtHead({ commandId, person, grant, session, fields }: Disclose) {
    const { opened, decided } = await this.question({ person, grant, session, fields });
    const command = writeCommand(commandId, person, { grant, session, fields });
    const committed = await this.log.append(command, (head) => disclose(...decided(head)));
    const { answer, repeated } = committed;
    if (answer.kind === 'denied') throw denial(answer, refusedAt(committed));
    // The same command again is the same disclosure, and a disclosure opens once.
    if (repeated || opened === undefined) throw new Problem('keyholder_refused');
    const { position: disclosure, receipts } = await written(committed);
    return { entry: answer, disclosure, receipt: receipts.at(-1) as string, format: formatIn(opened.data) };
  }

  /** What is asked, but for the state that it is decided on. */
  private async question(reading: Reading) {
    const { grant } = reading;
    const entries = await this.entriesFor(reading);
    const opened = entries.find((entry) => entry.type === 'session.opened');
    const decided = (head: Head): Parameters<typeof disclose> => {
      const state = head.of(accessKey);
      const records = recordsIn(state, grant, entries);
      const goneBy = goneByRetention(head.of(retentionKey), entries);
      const asked = { ...reading, records, versions: entries.length, subject: opened?.subject, goneBy };
      return [state, asked, head];
    };
    return { opened, decided };
  }

  /**
   * All of the session for whoever may have something of it, and otherwise its first entry alone, which says whom a refusal is
   * about: how much there is of a session, or under a grant, would tell itself by the time that it takes.
   */
  private async entriesFor({ person, grant, session }: Reading): Promise<Entry[]> {
    const holds = (state: Governance) => state.of(accessKey).grants.get(grant)?.person === person;
    if (holds(this.log.state)) return this.log.reader.session(session);
    const first = await this.log.reader.stream(`session/${session}`, { below: 1 });
    const isOwn = first[0]?.subject !== undefined && personOfSubject(first[0].subject) === person;
    // Another instance may have granted it: the state at hand may deny somebody a look, and not a grant.
    const mayRead = grant === ownCopy ? isOwn : holds(await this.log.refreshed());
    return mayRead ? this.log.reader.session(session) : first;
  }

  private async *released(
    disclosure: Position,
    first: IteratorResult<OpenedBatch>,
    rest: AsyncIterator<OpenedBatch>,
    end: () => void,
  ): AsyncGenerator<OpenedBatch> {
    let records = 0;
    let outcome: Outcome = 'broken_off';
    try {
      for (let next = first; !next.done; next = await rest.next()) {
        yield next.value;
        records += next.value.sequences.length;
      }
      outcome = 'delivered';
    } catch (error) {
      outcome = 'failed';
      throw error;
    } finally {
      try {
        await rest.return?.();
        await this.complete(disclosure, records, outcome);
      } finally {
        end();
      }
    }
  }

  private async complete(disclosure: Position, records: number, outcome: Outcome): Promise<void> {
    await this.log.append(ownCommand(`completed:${disclosure}`), () => ({
      entries: [
        {
          type: 'disclosure.completed',
          stream: streamOfDisclosure(disclosure),
          data: { disclosure, records, outcome },
        },
      ],
      answer: null,
    }));
  }
}

function recordsIn(state: AccessState, id: GrantId, entries: Parameters<typeof countedBatches>[0]): number {
  const scope = id === ownCopy ? anyTime : state.grants.get(id)?.scope;
  return scope === undefined ? 0 : countedBatches(entries, scope).records;
}

const goneByRetention =
  (retention: Retention, entries: readonly Entry[]): NonNullable<AskedDisclosure['goneBy']> =>
  (fields, range) => {
    const { expired, left } = leftOfColumns(retention, countedBatches(entries, range).batches, fields, range);
    return left === 0 ? expired[0]?.position : undefined;
  };

function denial(
  { rules, erasedAt, expiredAt }: Extract<DisclosureAnswer, { kind: 'denied' }>,
  refused: { position?: number },
): Problem {
  if (expiredAt !== undefined) return new Problem('columns_expired', { position: expiredAt });
  return erasedAt !== undefined && rules.every((rule) => rule === 'subject_erased')
    ? new Problem('subject_erased', { position: erasedAt })
    : new Problem('disclosure_denied', { rules, ...refused });
}

const formatIn = (data: unknown) => (data as EntryData['session.opened']).format;
