import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

const everywhere = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

const forAnswers = "default-src 'none'; frame-ancestors 'none'";
/** Swagger UI styles itself inline and draws its icons from data URLs; it runs our scripts and asks our host only. */
const forDocs =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * Nothing that Custos answers may be kept by a cache or read as something else by a browser, and no other site may
 * read it: there is no CORS. Set on Node's response, so that an answer written past Fastify has them too; a route's
 * own `@Header()` wins.
 */
export function addSecurityHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    setSecurityHeaders(reply.raw, request.routeOptions.url ?? '');
    done();
  });
}

/** `route` is the pattern, since two spellings of one URL must not get different policies. */
export function setSecurityHeaders(response: ServerResponse, route: string): void {
  for (const [name, value] of Object.entries(everywhere)) response.setHeader(name, value);
  response.setHeader('content-security-policy', /^\/docs(\/|$)/.test(route) ? forDocs : forAnswers);
}
