import { randomUUID } from 'node:crypto';
import { Inject } from '@nestjs/common';
import { Command, CommandHandler, Query, QueryHandler, type ICommandHandler, type IQueryHandler } from '@nestjs/cqrs';
import { accessKey } from '../access/access-state.js';
import { auditEntry } from '../access/audit-entry.js';
import { unreviewed } from '../access/break-glass.js';
import { DiscloseHandler } from '../access/disclose.handler.js';
import { exceededNow } from '../access/reach-effect.js';
import { assuranceHash, programmeKey, type Assurance } from '../capture/programme.js';
import type { KeyholderPort } from '../keys/keyholder-port.js';
import { KEYHOLDER } from '../keys/keyholder-token.js';
import type { AssuranceItem, AssuranceReported } from '../log/entries.js';
import { fieldNames } from '../log/fields.js';
import type { EntryOf } from '../log/header.js';
import type { CommandId, ContainmentId, GrantId, PersonId, SessionId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { written, type Written } from '../log/written.js';
import { codeOf } from '../problem.js';

export interface AssuranceAnswer extends AssuranceReported, Written {
  /** What an act that resumes the programme names. */
  readonly hash: string;
}

export class Assure extends Command<AssuranceAnswer> {
  constructor(
    readonly commandId: CommandId,
    readonly person: PersonId,
    /** Bodies and tiles are looked at from there on; the whole log if it is left out. */
    readonly since: number | undefined,
  ) {
    super();
  }
}

type Found = Omit<AssuranceItem, 'item' | 'ok'>;

/**
 * Looks at everything that the programme stands on, and writes what it found. What cannot be looked at is wrong: an item
 * fails by itself, with the code of its failure, and never makes the rest unseen.
 */
@CommandHandler(Assure)
export class AssureHandler implements ICommandHandler<Assure> {
  constructor(
    private readonly log: Log,
    private readonly readers: DiscloseHandler,
    @Inject(KEYHOLDER) private readonly keyholder: KeyholderPort,
  ) {}

  async execute({ commandId, person, since = 0 }: Assure): Promise<AssuranceAnswer> {
    const { size } = await this.log.reader.head();
    const looks: Record<string, () => Promise<Found>> = {
      log_verified: () => this.logVerified(since),
      database_guarded: () => this.log.requireSafeDatabase().then(() => found(1, [])),
      state_equals_log: () => this.stateEqualsLog(),
      reading_without_grant_refused: () => this.readingWithoutGrant(person),
      erased_keys_gone: () => this.erasedKeysGone(),
      subject_keys_held: () => this.subjectKeysHeld(),
      keyholder_at_head: () => this.keyholderAtHead(),
      reach_under_ceilings: () => this.reachUnderCeilings(),
      break_glass_reviewed: () => this.breakGlassReviewed(),
    };
    const items: AssuranceItem[] = [];
    for (const [item, look] of Object.entries(looks)) {
      const { count, wrong } = await look().catch((error: unknown) => found(0, [codeOf(error)]));
      items.push({ item, ok: wrong.length === 0, count, wrong });
    }
    const report = { size, since, ok: items.every(({ ok }) => ok), items };
    const committed = await this.log.append(writeCommand(commandId, person, { assurance: since }), () => ({
      entries: [{ type: 'assurance.reported', stream: 'assurance', data: report }],
      answer: report,
    }));
    return { ...committed.answer, hash: assuranceHash(committed.answer), ...(await written(committed)) };
  }

  private async logVerified(since: number): Promise<Found> {
    const { entries, problems } = await this.log.verify(auditEntry, since);
    return found(
      entries,
      problems.map(({ check }) => check),
    );
  }

  /** What this process decides on, against a fold from the first entry on. Nothing else is kept of the log. */
  private async stateEqualsLog(): Promise<Found> {
    const [state, size] = [await this.log.refreshed(), this.log.size];
    const anew = await this.log.stateAnew(size);
    return found(size, this.log.size === size ? state.differences(anew) : []);
  }

  /** The canary: a reading of the first session by nobody, under no grant. Both layers must refuse, and neither opens. */
  private async readingWithoutGrant(officer: PersonId): Promise<Found> {
    const [first] = await this.log.reader.sessions({ after: -1, limit: 1 });
    const reading = {
      person: 'canary' as PersonId,
      grant: randomUUID() as GrantId,
      session: (first?.data.session ?? 'canary') as SessionId,
      fields: fieldNames,
    };
    const id = { commandId: randomUUID() as CommandId, containment: randomUUID() as ContainmentId };
    const { position, allowed } = await this.readers.probe({ ...id, officer, ...reading });
    const [verdict] = await this.keyholder.probe([position]);
    return found(1, [...(allowed ? ['service_allows'] : []), ...(verdict?.opens === false ? [] : ['keyholder_opens'])]);
  }

  private async erasedKeysGone(): Promise<Found> {
    const { erasedKeysLeft } = await this.keyholder.status();
    return found(erasedKeysLeft, erasedKeysLeft === 0 ? [] : ['key_of_erased_subject']);
  }

  private async subjectKeysHeld(): Promise<Found> {
    const { lostKeys } = await this.keyholder.status();
    return found(lostKeys, lostKeys === 0 ? [] : ['key_of_subject_lost']);
  }

  private async keyholderAtHead(): Promise<Found> {
    const { size: before } = await this.log.reader.head();
    const { size } = await this.keyholder.status();
    return found(size, size >= before ? [] : ['keyholder_behind']);
  }

  private async breakGlassReviewed(): Promise<Found> {
    const open = unreviewed((await this.log.refreshed()).of(accessKey));
    return found(open.length, open.length === 0 ? [] : ['review_open']);
  }

  private async reachUnderCeilings(): Promise<Found> {
    const exceeded = exceededNow((await this.log.refreshed()).of(accessKey), Date.now());
    return found(
      exceeded.length,
      exceeded.map(({ ceiling, of }) => `${ceiling}:${of}`),
    );
  }
}

/** So that a report fits a header, whatever is wrong. */
const mostWrong = 20;
const found = (count: number, wrong: readonly string[]): Found => ({
  count,
  wrong: [...new Set(wrong)].slice(0, mostWrong),
});

/** The last report, as the log has it. */
export class LastAssurance extends Query<(AssuranceReported & Assurance) | { readonly assurance: null }> {}

@QueryHandler(LastAssurance)
export class LastAssuranceHandler implements IQueryHandler<LastAssurance> {
  constructor(private readonly log: Log) {}

  async execute() {
    const { assurance } = (await this.log.refreshed()).of(programmeKey);
    if (assurance === undefined) return { assurance: null };
    const { data } = (await this.log.proven(assurance.position)) as EntryOf<'assurance.reported'>;
    return { ...data, ...assurance };
  }
}
