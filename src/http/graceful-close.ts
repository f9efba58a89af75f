import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Below the half minute that schedulers give a process to end: killed, it could not even write how its releases ended. */
export const closesWithinMs = 20_000;

/**
 * Lets a closing service end as soon as the last answer is out. Node closes the connections that are idle when the
 * close begins, and Fastify waits for the others: one that carries an answer then would be kept alive after it, and
 * the close would take the 72 seconds of the keep-alive timeout. One that has never carried anything is not idle to
 * Node: browsers and clients open such ones in advance. Once it closes, Node counts no time for requests any more: whoever
 * sends half of one, or does not take an answer, would keep the service from ending for ever.
 */
export function closeGracefully(fastify: FastifyInstance, withinMs: number): void {
  let closing = false;
  const connections = new Set<Socket>();
  fastify.server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  fastify.addHook('preClose', (done) => {
    closing = true;
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
    const last = setTimeout(() => connections.forEach((socket) => socket.destroy()), withinMs);
    fastify.server.once('close', () => clearTimeout(last));
    done();
  });
  // Silent about an answer that was cut off, whose connection is gone already.
  fastify.addHook('onResponse', (_request, _reply, done) => {
    // In the next turn: the connection becomes idle only after this one.
    if (closing) setImmediate(() => fastify.server.closeIdleConnections());
    done();
  });
}
