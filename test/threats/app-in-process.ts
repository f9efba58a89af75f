import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type pg from 'pg';
import { AppModule } from '../../src/app.module.js';
import { Projector } from '../../src/history/projections/projector.js';
import { createApp, type AppOptions } from '../../src/http/create-app.js';
import { openPool } from '../../src/log/database.js';
import type { VaultInProcess } from '../vault-in-process.js';

export interface Asked {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}
export interface Told {
  readonly status: number;
  readonly text: string;
  /** Of a problem; undefined of all else. */
  readonly code: string | undefined;
}

/** The whole service over a vault, asked as over HTTP. */
export class AppInProcess {
  private constructor(
    private readonly app: NestFastifyApplication,
    private readonly pool: pg.Pool,
  ) {}

  static async start(
    { log, keyholder, trust, issuer, database }: VaultInProcess,
    differing: Partial<AppOptions> = {},
  ): Promise<AppInProcess> {
    const pool = openPool(database.url('custos_service'), { connections: 1, name: 'app' });
    const projector = new Projector(log, pool, [], () => undefined);
    const app = await createApp(AppModule.of({ log, keyholder, trust, projector }), {
      ...{ bodyLimitBytes: 1024 * 1024, docs: false, logLevel: 'silent', readiness: [] },
      tokens: issuer.tokens,
      ...differing,
    });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    return new AppInProcess(app, pool);
  }

  async ask({ method = 'POST', path, headers = {}, body }: Asked): Promise<Told> {
    const asked = { method, url: path, headers, ...(body === undefined ? {} : { payload: body as object }) };
    const { statusCode: status, body: text } = await this.app.inject(asked);
    return { status, text, code: codeIn(text) };
  }

  /** The port that it listens on from then on. */
  async listen(): Promise<number> {
    if (!this.app.getHttpServer().listening) await this.app.listen(0, '127.0.0.1');
    return Number(new URL(await this.app.getUrl()).port);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.pool.end();
  }
}

function codeIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { code?: string }).code;
  } catch {
    return undefined;
  }
}
