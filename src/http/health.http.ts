import { Controller, Get, Inject } from '@nestjs/common';
import { Problem } from '../problem.js';
import { Anyone } from './may-ask.js';

export const READINESS = Symbol('readiness');
export interface ReadinessCheck {
  readonly name: string;
  check(): Promise<void>;
}

@Controller('health')
export class HealthController {
  constructor(@Inject(READINESS) private readonly checks: readonly ReadinessCheck[]) {}

  @Get('live')
  @Anyone()
  live() {
    return { status: 'live' };
  }

  @Get('ready')
  @Anyone()
  async ready() {
    for (const { check } of this.checks) {
      await check().catch(() => {
        throw new Problem('log_unavailable', { retryAfterSeconds: 1 });
      });
    }
    return { status: 'ready', checks: this.checks.map(({ name }) => name) };
  }
}
