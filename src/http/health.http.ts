import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Anyone } from './may-ask.js';

export const READINESS = Symbol('readiness');
export interface ReadinessCheck {
  /** Stands in the answer, which anyone may read. */
  readonly name: string;
  /** It is shown, and requests are answered without what it looks at. */
  readonly advisory?: true;
  /** Rejects when what it looks at cannot be used. What has a lag says so, and how long it is. */
  check(): Promise<void | Found>;
}
export interface Found {
  readonly ok: boolean;
  readonly lag?: number;
}

type Looked = ReadinessCheck & Found;

/** Below what load balancers wait: a check that hangs must not make the answer hang. */
const longestCheckMs = 2000;

@Controller('health')
export class HealthController {
  private looking: Promise<readonly Looked[]> | undefined;

  constructor(@Inject(READINESS) private readonly checks: readonly ReadinessCheck[]) {}

  /** The process answers. It is not asked about anything else: a restart would not bring a database back. */
  @Get('live')
  @Anyone()
  live() {
    return { status: 'live' };
  }

  /** 200 if everything that a request may need can be used, 503 if not. Why not is in the log, never here. */
  @Get('ready')
  @Anyone()
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const looked = await this.look();
    const ready = looked.every(({ ok, advisory }) => ok || advisory === true);
    const checks = looked.map(({ name, ok, lag }) => ({ name, ok, lag }));
    void reply.status(ready ? 200 : 503);
    return { status: ready ? 'ready' : 'not_ready', checks };
  }

  /** However many ask meanwhile: anyone may, and each look takes a connection of the database. */
  private look(): Promise<readonly Looked[]> {
    this.looking ??= Promise.all(this.checks.map(async (one) => ({ ...one, ...(await found(one.check)) }))).finally(
      () => (this.looking = undefined),
    );
    return this.looking;
  }
}

async function found(check: ReadinessCheck['check']): Promise<Found> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<Found>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false }), longestCheckMs);
  });
  const done = check().then(
    (said) => said ?? { ok: true },
    () => ({ ok: false }),
  );
  return Promise.race([done, tooLate]).finally(() => clearTimeout(timer));
}
