import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OnModuleDestroy } from '@nestjs/common';
import { Problem } from '../problem.js';

/** An idle one was measured at 25 KB (docs/decisions/0016): all of them take some 25 MB. */
export const mostHttpFollowers = 1_000;
const retryAfterSeconds = 5;
/** Whoever does not take what is there for so long is gone, or as good as. */
const stalledAfterMs = 60_000;
/** At the end of the service, for what was written to arrive. */
const farewellMs = 1_000;
const longestTimerMs = 2 ** 31 - 1;

interface Follower {
  readonly response: ServerResponse;
  end(): void;
}

/**
 * The answers that have no end of their own. They are bounded in number, and each ends: with its token, when its
 * reader is gone or does not read, and with the service.
 */
export class HttpFollowers implements OnModuleDestroy {
  private readonly followers = new Set<Follower>();

  constructor(
    private readonly most = mostHttpFollowers,
    private readonly stallMs = stalledAfterMs,
  ) {}

  get count(): number {
    return this.followers.size;
  }

  /**
   * A body for this response, out of chunks that are made as they are taken. `until` is when its token expires.
   * @throws Problem followers_full
   */
  follow(
    response: ServerResponse,
    until: number,
    chunksUntil: (signal: AbortSignal) => AsyncGenerator<Buffer>,
  ): Readable {
    if (this.followers.size >= this.most) {
      throw new Problem('followers_full', { limit: this.most, retryAfterSeconds });
    }
    const controller = new AbortController();
    const chunks = unlessStalled(chunksUntil(controller.signal), this.stallMs, () => response.destroy());
    const body = Readable.from(chunks, { objectMode: false });
    const follower = { response, end: () => controller.abort() };
    const expiry = setTimeout(() => follower.end(), Math.min(Math.max(until - Date.now(), 0), longestTimerMs));
    this.followers.add(follower);
    // The response and not the body: its reader may have all of the body still to read.
    response.once('close', () => {
      this.followers.delete(follower);
      clearTimeout(expiry);
      follower.end();
      body.destroy();
    });
    return body;
  }

  /** Before the server waits for its answers, which would be for ever. */
  async onModuleDestroy(): Promise<void> {
    for (const follower of this.followers) follower.end();
    for (let waitedMs = 0; this.followers.size > 0 && waitedMs < farewellMs; waitedMs += 20) await sleep(20);
    for (const { response } of this.followers) response.destroy();
  }
}

/** A chunk that is not taken in time was not taken because the buffers before it are full. */
async function* unlessStalled(
  chunks: AsyncGenerator<Buffer>,
  stallMs: number,
  drop: () => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    const timer = setTimeout(drop, stallMs);
    try {
      yield chunk;
    } finally {
      clearTimeout(timer);
    }
  }
}
