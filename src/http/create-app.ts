import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { DestinationStream } from 'pino';
import type { TokenVerifier } from '../identity/tokens.js';
import { Problem } from '../problem.js';
import { askFirst } from './ask-first.js';
import { AskerGuard } from './asker.guard.js';
import { unpackBodies } from './content-encoding.js';
import { closeGracefully, closesWithinMs } from './graceful-close.js';
import { HealthController, READINESS, type ReadinessCheck } from './health.http.js';
import { readJsonOnly } from './json-body.js';
import { NestLog, openLogger } from './logger.js';
import { METRICS, Metrics, MetricsController } from './metrics.http.js';
import { serveOpenApi } from './openapi.js';
import { ProblemFilter, sendProblem } from './problem.filter.js';
import { logRequests } from './request-log.js';
import { listRoutes, undeclaredRoutes } from './routes.js';
import { addSecurityHeaders, setSecurityHeaders } from './security-headers.js';
import { limitBodies } from './small-bodies.js';
import { dropStalledReaders, stalledAfterMs } from './stalled-readers.js';
import { watchRoutes } from './stray-routes.js';
import { ValidationPipe } from './validation.js';

export interface AppOptions {
  /** Of what sources send (small-bodies.ts). */
  readonly bodyLimitBytes: number;
  /** Whether /openapi.json and /docs are there. */
  readonly docs: boolean;
  readonly tokens: TokenVerifier;
  readonly logLevel: string;
  readonly readiness: readonly ReadinessCheck[];
  /** Where log lines go: standard error unless named, so that standard output stays the CLI's. */
  readonly logTo?: DestinationStream;
  /** How long an answer waits for a reader who takes nothing of it. Left out: a minute. */
  readonly stalledAfterMs?: number;
  /** How long the end of the service waits for answers that have begun. Left out: 20 seconds. */
  readonly closesWithinMs?: number;
}

@Module({})
class ShellModule {}

/**
 * The HTTP shell around a module: one guard, one filter, one pipe, and no route that was not declared. The module's
 * own providers may inject METRICS to count things of theirs.
 * @throws Error naming every route that does not declare itself
 */
export async function createApp(root: Type | DynamicModule, options: AppOptions): Promise<NestFastifyApplication> {
  const logger = openLogger({ level: options.logLevel, to: options.logTo });
  const nestLog = new NestLog(logger);
  const metrics = new Metrics();
  const shell: DynamicModule = {
    module: ShellModule,
    global: true,
    imports: [DiscoveryModule, root],
    controllers: [HealthController, MetricsController],
    providers: [
      { provide: READINESS, useValue: options.readiness },
      { provide: METRICS, useValue: metrics },
      { provide: APP_GUARD, useClass: AskerGuard },
    ],
    exports: [METRICS],
  };
  const app = await NestFactory.create<NestFastifyApplication>(shell, fastifyAdapter(options), {
    logger: nestLog,
    abortOnError: false,
    bodyParser: false,
  });
  refuse(undeclaredRoutes(app));
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const strayRoutes = watchRoutes(fastify);
  readJsonOnly(fastify);
  limitBodies(fastify, options.bodyLimitBytes);
  unpackBodies(fastify);
  addSecurityHeaders(fastify);
  logRequests(fastify, logger, metrics);
  askFirst(fastify, options.tokens, options.bodyLimitBytes);
  dropStalledReaders(fastify, options.stalledAfterMs ?? stalledAfterMs);
  closeGracefully(fastify, options.closesWithinMs ?? closesWithinMs);
  app.useGlobalFilters(new ProblemFilter(logger));
  app.useGlobalPipes(new ValidationPipe());
  if (options.docs) serveOpenApi(app);
  await app.init();
  refuse(strayRoutes(listRoutes(app)));
  nestLog.fromNowOnServing();
  return app;
}

/** Longer than any id may be, so that an id that is too long is refused by its schema, which says so. */
const mostPathParameterCharacters = 256;
/** For all of a request, headers and body, to arrive: whoever trickles bytes gives the connection back. */
const requestTimeoutMs = 120_000;

function fastifyAdapter({ bodyLimitBytes }: AppOptions): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    routerOptions: { maxParamLength: mostPathParameterCharacters },
    // Nothing that a caller sends names a request in our log, or says from where it came.
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: false,
    logger: false,
    // Before routing, no hook has run. Fastify's own answer repeats the path.
    frameworkErrors: (_error: unknown, _request: FastifyRequest, reply: FastifyReply) => {
      setSecurityHeaders(reply.raw, '');
      sendProblem(reply, new Problem('route_unknown'));
    },
  });
}

function refuse(routes: readonly string[]): void {
  if (routes.length > 0) throw new Error(routes.join('\n'));
}
