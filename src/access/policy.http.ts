import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { z } from 'zod';
import { MayAsk } from '../http/may-ask.js';
import { PolicyDocument } from './policy.js';
import { PreviewPolicy } from './preview-policy.js';
import { ShowPolicy } from './show-policy.js';

const PreviewBody = z.strictObject({ policy: PolicyDocument });

@Controller('v1/policy')
export class PolicyController {
  constructor(private readonly queries: QueryBus) {}

  /** By what people may be read is nobody's secret. Changing it is an act (`/v1/acts`, `policy.change`). */
  @Get()
  @MayAsk('source', 'researcher', 'approver', 'officer', 'auditor', 'subject')
  show() {
    return this.queries.execute(new ShowPolicy());
  }

  /** What would change, and who would gain and lose what. Nothing is written. */
  @Post('preview')
  @HttpCode(200)
  @MayAsk('officer', 'auditor')
  preview(@Body({ schema: PreviewBody }) { policy }: z.infer<typeof PreviewBody>) {
    return this.queries.execute(new PreviewPolicy(policy));
  }
}
