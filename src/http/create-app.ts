import 'reflect-metadata';
import { Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino, type DestinationStream } from 'pino';
import { tokenVerifier } from '../identity/tokens.js';
import { AskerGuard, TOKENS } from './asker.guard.js';
import { serveDocs } from './docs.js';
import { HealthController, READINESS, type ReadinessCheck } from './health.http.js';
import { METRICS, Metrics, MetricsController } from './metrics.http.js';
import { ProblemFilter } from './problem.filter.js';
import { logRequests } from './request-log.js';
import { undeclaredRoutes } from './routes.js';
import { validationPipe } from './validation.js';

export interface AppOptions {
  readonly bodyLimitBytes: number;
  readonly docs: boolean;
  readonly jwksFile: string;
  readonly tokenIssuer: string;
  readonly logLevel: string;
  readonly readiness: readonly ReadinessCheck[];
  /** Where log lines go: standard error unless named, so that standard output stays the CLI's. */
  readonly logTo?: DestinationStream;
}

@Module({})
class ShellModule {}

/** The HTTP shell around a module: one guard, one filter, one pipe, and no route that was not declared. */
export async function createApp(root: DynamicModule, options: AppOptions): Promise<NestFastifyApplication> {
  const logger = pino({ level: options.logLevel, base: null }, options.logTo ?? pino.destination(2));
  const metrics = new Metrics();
  const shell: DynamicModule = {
    module: ShellModule,
    imports: [DiscoveryModule, root],
    controllers: [HealthController, MetricsController],
    providers: [
      { provide: TOKENS, useValue: await tokenVerifier({ jwksFile: options.jwksFile, issuer: options.tokenIssuer }) },
      { provide: READINESS, useValue: options.readiness },
      { provide: METRICS, useValue: metrics },
      { provide: APP_GUARD, useClass: AskerGuard },
    ],
  };
  const adapter = new FastifyAdapter({
    bodyLimit: options.bodyLimitBytes,
    trustProxy: false,
    requestIdHeader: false,
    logger: false,
  });
  const app = await NestFactory.create<NestFastifyApplication>(shell, adapter, { logger: false, abortOnError: false });
  app.useGlobalFilters(new ProblemFilter(logger, options.bodyLimitBytes));
  app.useGlobalPipes(validationPipe());
  setSafeHeaders(app);
  logRequests(app, logger, metrics);
  if (options.docs) serveDocs(app);
  await app.init();
  refuseUndeclared(app);
  return app;
}

function refuseUndeclared(app: INestApplicationContext): void {
  const undeclared = undeclaredRoutes(app);
  if (undeclared.length > 0) throw new Error(undeclared.join('\n'));
}

/** Nothing that Custos answers may be kept by a cache or read as something else by a browser. */
function setSafeHeaders(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      void reply.header('x-content-type-options', 'nosniff');
      void reply.header('referrer-policy', 'no-referrer');
      if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
      if (!request.url.startsWith('/docs')) void reply.header('content-security-policy', "default-src 'none'");
      done();
    });
}
