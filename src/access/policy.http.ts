import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { MayAsk } from '../http/may-ask.js';
import { ShowPolicy } from './show-policy.js';

@Controller('v1/policy')
export class PolicyController {
  constructor(private readonly queries: QueryBus) {}

  /** By what people may be read is nobody's secret. Changing it is an act (`/v1/acts`, `policy.change`). */
  @Get()
  @MayAsk('source', 'researcher', 'approver', 'officer', 'auditor', 'subject')
  show() {
    return this.queries.execute(new ShowPolicy());
  }
}
