import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify';
import { Problem } from '../problem.js';
import { UnpackError } from './unpack-error.js';
import { encodings, unpack, type Encoding } from './unpack.js';

/**
 * Unpacks bodies that come compressed (RFC 9110 §8.4), up to the limit that holds for any body of the route. One coding: a body
 * that was compressed twice is nobody's wish but a bomb's.
 */
export function unpackBodies(fastify: FastifyInstance): void {
  fastify.addHook('preParsing', async (request: FastifyRequest, _reply, payload: RequestPayload) => {
    const encoding = encodingOf(request);
    return encoding === undefined ? payload : unpacked(payload, encoding, request.routeOptions.bodyLimit);
  });
}

function encodingOf(request: FastifyRequest): Encoding | undefined {
  const told = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (told === 'identity' || told === '') return undefined;
  const encoding = encodings.find((one) => one === told.replace(/^x-/, ''));
  if (encoding === undefined) throw new Problem('encoding_unsupported');
  return encoding;
}

function unpacked(payload: RequestPayload, encoding: Encoding, mostBytes: number): RequestPayload {
  // Fastify compares it with Content-Length, and with the limit.
  let receivedEncodedLength = 0;
  async function* packed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of payload as AsyncIterable<Uint8Array>) {
      receivedEncodedLength += chunk.length;
      if (receivedEncodedLength > mostBytes) throw new UnpackError('too_large');
      yield chunk;
    }
  }
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      yield* unpack(packed(), encoding, mostBytes);
    } catch (error) {
      if (!(error instanceof UnpackError)) throw error;
      throw error.fault === 'too_large'
        ? new Problem('body_too_large', { limit: mostBytes })
        : new Problem('encoding_malformed');
    }
  }
  const stream = Readable.from(body(), { objectMode: false });
  return Object.defineProperty(stream, 'receivedEncodedLength', { get: () => receivedEncodedLength });
}
