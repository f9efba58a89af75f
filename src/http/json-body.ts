import type { FastifyInstance } from 'fastify';
import { Problem } from '../problem.js';

/** With `fatal`, or bytes that are no UTF-8 would be stored as U+FFFD, and the record would not be what was sent. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** JSON is the one media type that is read. Fastify takes plain text and Nest forms as well unless told otherwise. */
export function readJsonOnly(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  readJson(fastify, 'application/json');
}

/**
 * A media type that is JSON. A body with a key `__proto__`, or with `constructor` over `prototype`, is refused whole,
 * at any depth.
 */
export function readJson(fastify: FastifyInstance, mediaType: string): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.addContentTypeParser(mediaType, { parseAs: 'buffer' }, (request, body, done) => {
    try {
      void parse(request, utf8.decode(body as Buffer), done);
    } catch {
      done(new Problem('body_malformed'), undefined);
    }
  });
}
