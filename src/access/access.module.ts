import { Module } from '@nestjs/common';
import { AccessController } from './access.http.js';
import { ApproveRequestHandler } from './approve-request.handler.js';
import { ContainHandler } from './contain.handler.js';
import { ContainmentController } from './containment.http.js';
import { DiscloseHandler } from './disclose.handler.js';
import { ListRequestsHandler, ShowRequestHandler } from './list-requests.js';
import { ListLocksHandler } from './list-locks.js';
import { PolicyController } from './policy.http.js';
import { PreviewPolicyHandler } from './preview-policy.js';
import { ShowPolicyHandler } from './show-policy.js';
import { SetLockHandler } from './set-lock.handler.js';
import { RejectRequestHandler } from './reject-request.handler.js';
import { RequestAccessHandler } from './request-access.handler.js';
import { RevokeGrantHandler } from './revoke-grant.handler.js';

@Module({
  controllers: [AccessController, ContainmentController, PolicyController],
  providers: [
    RequestAccessHandler,
    ApproveRequestHandler,
    RejectRequestHandler,
    RevokeGrantHandler,
    DiscloseHandler,
    ContainHandler,
    SetLockHandler,
    ListLocksHandler,
    ListRequestsHandler,
    ShowRequestHandler,
    ShowPolicyHandler,
    PreviewPolicyHandler,
  ],
  exports: [DiscloseHandler],
})
export class AccessModule {}
