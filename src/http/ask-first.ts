import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TokenVerifier } from '../identity/tokens.js';
import { Problem } from '../problem.js';
import type { AskedRequest } from './asker.js';
import type { Access } from './may-ask.js';

/** Scheme and token of RFC 6750 §2.1; the scheme without regard to case (RFC 9110 §11.1). */
const bearer = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** A body may take two minutes to arrive. What takes longer than this is asked for its token once more. */
const freshForMs = 1000;

/**
 * Looks at the token before a byte of the body is read: whoever may not ask a route makes nobody unpack or parse anything.
 * What was found is the request's alone, and the guard refuses what did not come this way (asker.guard.ts).
 * Where the body was long in coming it is looked at again: revoked or run out meanwhile, it lets nobody in.
 * A body that nobody will read is still taken off its connection, up to `mostBytes`: closed in the middle of sending, many
 * clients never see the answer.
 */
export function askFirst(fastify: FastifyInstance, tokens: TokenVerifier, mostBytes: number): void {
  fastify.addHook('onRequest', async (request: AskedRequest) => {
    try {
      await admit(request, tokens);
    } catch (error) {
      discardBody(request, mostBytes);
      throw error;
    }
    // Nobody reads one of these either.
    if (request.method === 'GET' || request.method === 'HEAD') discardBody(request, mostBytes);
  });
  fastify.addHook('preHandler', async (request: AskedRequest) => {
    if (request.admitted !== undefined && performance.now() - request.admitted.at > freshForMs)
      await admit(request, tokens);
  });
}

async function admit(request: AskedRequest, tokens: TokenVerifier): Promise<void> {
  // Without a route, bodies would be parsed too. An empty part of a path makes none for Nest, which tells only afterwards.
  if (request.is404 || hasEmptyParameter(request)) throw new Problem('route_unknown');
  // As the handler declares it (may-ask.ts). The description, which is no controller's, declares nothing and takes no body.
  const { access } = request.routeOptions.config as { access?: Access };
  if (access?.by !== 'roles') return;
  const token = tokenIn(request.headers.authorization);
  const person = await tokens.verify(token);
  if (!access.roles.some((role) => person.roles.has(role))) throw new Problem('role_missing');
  request.admitted = { access, person, token, at: performance.now() };
}

const hasEmptyParameter = ({ params }: FastifyRequest): boolean =>
  Object.entries(params as Record<string, string>).some(([name, value]) => value === '' && name !== '*');

function tokenIn(authorization: string | undefined): string {
  if (authorization === undefined || !/^bearer\b/i.test(authorization)) throw new Problem('token_missing');
  const [, token] = bearer.exec(authorization) ?? [];
  if (token === undefined) throw new Problem('token_invalid');
  return token;
}

function discardBody({ raw }: FastifyRequest, mostBytes: number): void {
  let bytes = 0;
  raw.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > mostBytes) raw.destroy();
  });
}
