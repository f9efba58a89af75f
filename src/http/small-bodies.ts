import type { FastifyInstance } from 'fastify';
import type { Access } from './may-ask.js';

/** Ten times the largest scope that can be asked for. 16 MB of brackets take 2 s to parse, and 240 MB of memory. */
export const smallBodyBytes = 1024 * 1024;

/**
 * Records are large, and nothing else is: whoever is no source must not be able to stop the service with a body. Call it
 * before routes are registered.
 */
export function limitBodies(fastify: FastifyInstance, mostBytes: number): void {
  fastify.addHook('onRoute', (route) => {
    const { access } = (route.config ?? {}) as { access?: Access };
    const isOfSources = access?.by === 'roles' && access.roles.every((role) => role === 'source');
    route.bodyLimit = isOfSources ? mostBytes : Math.min(mostBytes, smallBodyBytes);
  });
}
