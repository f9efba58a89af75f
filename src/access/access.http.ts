import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, StreamableFile } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { z } from 'zod';
import { Asker, AskerToken, CommandIdHeader } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import { requireSelf, type Person } from '../identity/person.js';
import { FieldName, fieldNames } from '../log/fields.js';
import { type CommandId, GrantId, ownCopy, RequestId, SessionId, SubjectId } from '../log/ids.js';
import { requestStatuses } from './access-state.js';
import { ApproveRequest } from './approve-request.handler.js';
import { EnvelopeBody } from '../identity/signed-statement.js';
import { Disclose, type Disclosed } from './disclose.handler.js';
import { disclosureStream } from './disclosure-stream.js';
import { freeText } from '../log/free-text.js';
import { pageQuery } from '../log/page.js';
import { ListRequests, ShowRequest, type Visible } from './list-requests.js';
import { ListLocks } from './list-locks.js';
import { LockTarget } from './lock.js';
import { RejectRequest } from './reject-request.handler.js';
import { RequestAccess } from './request-access.handler.js';
import { RevokeGrant } from './revoke-grant.handler.js';
import { SetLock } from './set-lock.handler.js';
import { ScopeBody } from './scope.js';

const LockBody = z.strictObject({ target: LockTarget, reason: freeText({ least: 3, most: 500 }) });
const ReasonBody = z.strictObject({ reason: freeText({ least: 3, most: 500 }) });
const ApprovalBody = z.strictObject({ envelope: EnvelopeBody });
const DisclosureBody = z.strictObject({
  session: SessionId,
  /** Left out: all that the grant gives; of one's own, all that there is. */
  fields: z.array(FieldName).min(1).max(fieldNames.length).optional(),
});
const ListQuery = z.strictObject({ state: z.enum(requestStatuses).optional(), ...pageQuery });
const LocksQuery = z.strictObject(pageQuery);

@Controller('v1')
export class AccessController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('requests')
  @MayAsk('researcher')
  request(@Asker() asker: Person, @CommandIdHeader() command: CommandId, @Body({ schema: ScopeBody }) body: ScopeBody) {
    return this.commands.execute(new RequestAccess(command, asker.id, body));
  }

  @Get('requests')
  @MayAsk('researcher', 'approver', 'officer', 'auditor')
  async list(@Asker() asker: Person, @Query({ schema: ListQuery }) { state, ...page }: z.infer<typeof ListQuery>) {
    const { items, next } = await this.queries.execute(new ListRequests(visibleTo(asker), state, page));
    return { requests: items, next };
  }

  @Get('requests/:request')
  @MayAsk('researcher', 'approver', 'officer', 'auditor')
  show(@Asker() asker: Person, @Param('request', { schema: RequestId }) request: RequestId) {
    return this.queries.execute(new ShowRequest(visibleTo(asker), request));
  }

  @Post('requests/:request/approvals')
  @MayAsk('approver', 'officer')
  approve(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Param('request', { schema: RequestId }) request: RequestId,
    @Body({ schema: ApprovalBody }) { envelope }: z.infer<typeof ApprovalBody>,
  ) {
    return this.commands.execute(new ApproveRequest(command, asker.id, request, envelope));
  }

  @Post('requests/:request/rejection')
  @HttpCode(200)
  @MayAsk('approver', 'officer')
  reject(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Param('request', { schema: RequestId }) request: RequestId,
    @Body({ schema: ReasonBody }) { reason }: z.infer<typeof ReasonBody>,
  ) {
    return this.commands.execute(new RejectRequest(command, asker.id, request, reason));
  }

  /** At once, by any one officer; lifting it is an act of several (`lock.lift`). */
  @Post('locks')
  @MayAsk('officer')
  lock(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Body({ schema: LockBody }) { target, reason }: z.infer<typeof LockBody>,
  ) {
    return this.commands.execute(new SetLock(command, asker.id, target, reason));
  }

  @Get('locks')
  @MayAsk('officer', 'approver', 'auditor')
  async locks(@Query({ schema: LocksQuery }) page: z.infer<typeof LocksQuery>) {
    const { items, next } = await this.queries.execute(new ListLocks(page));
    return { locks: items, next };
  }

  @Post('grants/:grant/revocation')
  @HttpCode(200)
  @MayAsk('approver', 'officer', 'researcher')
  revoke(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Param('grant', { schema: GrantId }) grant: GrantId,
    @Body({ schema: ReasonBody }) { reason }: z.infer<typeof ReasonBody>,
  ) {
    const by = mayRevokeAny(asker) ? { as: 'overseer' as const } : { as: 'holder' as const, person: asker.id };
    return this.commands.execute(new RevokeGrant(command, asker.id, grant, by, reason));
  }

  @Post('grants/:grant/disclosures')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @MayAsk('researcher', 'officer')
  async disclose(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Param('grant', { schema: GrantId }) grant: GrantId,
    @Body({ schema: DisclosureBody }) { session, fields }: z.infer<typeof DisclosureBody>,
  ): Promise<StreamableFile> {
    const disclosed = await this.commands.execute(new Disclose(command, asker.id, grant, session, fields));
    return released(disclosed, asker);
  }

  /** One session of their own, to themselves: a disclosure like any other, with no grant behind it. */
  @Post('subjects/:subject/copy')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @MayAsk('subject')
  async copy(
    @Asker() asker: Person,
    @AskerToken() token: string,
    @CommandIdHeader() command: CommandId,
    @Param('subject', { schema: SubjectId }) subject: SubjectId,
    @Body({ schema: DisclosureBody }) { session, fields }: z.infer<typeof DisclosureBody>,
  ): Promise<StreamableFile> {
    requireSelf(asker, subject);
    const disclosed = await this.commands.execute(new Disclose(command, asker.id, ownCopy, session, fields, token));
    return released(disclosed, asker);
  }
}

/** Under a grant until it expires, otherwise for as long as their token counts. */
const released = (disclosed: Disclosed, { tokenExpiresAt }: Person) =>
  new StreamableFile(disclosureStream(disclosed, disclosed.expiresAt ?? tokenExpiresAt), { type: 'application/x-ndjson' }); // prettier-ignore

const mayRevokeAny = ({ roles }: Person) => roles.has('approver') || roles.has('officer');
const oversees = ({ roles }: Person) => roles.has('approver') || roles.has('officer') || roles.has('auditor');
const visibleTo = (asker: Person): Visible => (oversees(asker) ? { of: 'everyone' } : { of: 'one', person: asker.id });
