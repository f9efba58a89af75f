import { Controller, Get, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiProduces } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { Asker } from '../http/asker.js';
import { LastEventId, WantsEventStream } from '../http/event-stream.js';
import { MayAsk } from '../http/may-ask.js';
import type { Person } from '../identity/person.js';
import { Problem } from '../problem.js';
import { entryStream, eventStream, ndjson } from './entry-stream.js';
import { HttpFollowers } from './http-followers.js';
import { Log } from './log.js';

const mostEntries = 10_000;
const entriesAtOnce = 1_000;
const entriesAPage = 500;

const EntriesQuery = z.strictObject({
  from: z.coerce.number().int().min(0).default(0),
  /** Left out: 1000, or no limit where it follows. */
  limit: z.coerce.number().int().min(1).max(mostEntries).optional(),
  follow: z.enum(['true', 'false']).default('false'),
});

/** Headers, for auditors: once, or as they come. */
@Controller('v1/log')
export class EntriesController {
  constructor(
    private readonly log: Log,
    private readonly followers: HttpFollowers,
  ) {}

  /**
   * NDJSON up to the head, or without an end with `follow=true`; server-sent events follow always. `id` of an event is
   * its position, and `Last-Event-ID` goes on behind it.
   */
  @Get('entries')
  @ApiProduces(ndjson.contentType, eventStream.contentType)
  @ApiOkResponse({
    description: 'Entries: who did what, and never content. Blank lines and comments are signs of life',
    schema: { type: 'string' },
  })
  @MayAsk('auditor')
  async entries(
    @Asker() asker: Person,
    @Query({ schema: EntriesQuery }) { from, limit, follow }: z.infer<typeof EntriesQuery>,
    @WantsEventStream() wantsEvents: boolean,
    @LastEventId() lastSeen: number | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const start = lastSeen === undefined ? from : lastSeen + 1;
    void reply.header('vary', 'Accept');
    if (!wantsEvents && follow === 'false') {
      const body = Readable.from(this.upToHead(start, limit ?? entriesAtOnce), { objectMode: false });
      return new StreamableFile(body, { type: ndjson.contentType });
    }
    const { tail } = this.log;
    await tail.requirePosition(start);
    const format = wantsEvents ? eventStream : ndjson;
    const body = this.followers.follow(reply.raw, asker.tokenExpiresAt, async function* (signal) {
      const leave = tail.join();
      try {
        yield* entryStream(tail, { from: start, limit: limit ?? Infinity, format, signal });
      } finally {
        leave();
      }
    });
    // A proxy that collects before it passes on would hold entries back.
    void reply.header('x-accel-buffering', 'no');
    return new StreamableFile(body, { type: format.contentType });
  }

  /** Breaks off at an entry that is missing: an answer that ends has all there was. @throws Problem log_corrupt */
  private async *upToHead(from: number, limit: number): AsyncGenerator<string> {
    const { size } = await this.log.reader.head();
    const end = Math.min(from + limit, size);
    for (let next = from; next < end;) {
      const page = await this.log.reader.headers(next, Math.min(entriesAPage, end - next));
      const gap = page.findIndex(({ position }, index) => position !== next + index);
      const sound = gap === -1 ? page : page.slice(0, gap);
      yield sound.map(ndjson.entry).join('');
      next += sound.length;
      if (sound.length < page.length || page.length === 0) throw new Problem('log_corrupt', { position: next });
    }
  }
}
