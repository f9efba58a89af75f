import type { FastifyInstance } from 'fastify';
import type { Route } from './routes.js';

/** Public, and none of a controller: Swagger UI's files and the description. */
const ofTheDocs = /^\/(openapi\.json|docs(\/.*)?)$/;

/**
 * Guards, pipes and filters stand in front of controllers only: a route that is registered with Fastify itself, by a
 * plugin perhaps, has none of them. Call it before routes are registered, and what it returns afterwards.
 */
export function watchRoutes(fastify: FastifyInstance): (declared: readonly Route[]) => string[] {
  const registered = new Set<string>();
  fastify.addHook('onRoute', ({ url }) => void registered.add(url));
  return (declared) => {
    const known = new Set(declared.map(({ path }) => path));
    return [...registered]
      .filter((url) => !known.has(url) && !ofTheDocs.test(url))
      .map((url) => `${url} is no route of a controller: nothing guards it`);
  };
}
