import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readJson } from '../http/json-body.js';
import type { Json } from './formats/format.js';
import { commandOf, eventOfHeaders, isBinaryMode, readCloudEvents } from './read-cloudevents.js';

const structured = 'application/cloudevents+json';
const batch = 'application/cloudevents-batch+json';

/**
 * CloudEvents at `POST /v1/records`, structured, in a batch, or binary (HTTP protocol binding 1.0.2 §3). They become
 * the body that the route takes from anyone, before it is checked: the route knows one body, and one schema.
 */
@Injectable()
export class CloudEventsBinding implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    for (const type of [structured, batch]) readJson(fastify, type);
    fastify.addHook('preValidation', async (request: FastifyRequest) => {
      if (request.routeOptions.url !== '/v1/records' || request.method !== 'POST') return;
      const events = eventsIn(request);
      if (events === undefined) return;
      request.body = readCloudEvents(events, Date.now());
      request.headers['idempotency-key'] ??= commandOf(events);
    });
  }
}

/** Undefined: the request is in words of ours. */
function eventsIn({ headers, body }: FastifyRequest): readonly Json[] | undefined {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === structured) return [body as Json];
  // What is no list is no event either, and refused as one that is none.
  if (type === batch) return Array.isArray(body) ? (body as Json[]) : [body as Json];
  return isBinaryMode(headers) ? [eventOfHeaders(headers, body as Json)] : undefined;
}
