import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { LogWalker } from '../../log/log-walker.js';
import type { Log } from '../../log/log.js';
import { Problem } from '../../problem.js';
import { Builds, foldEntries } from './builds.js';
import type { AnyProjection } from './projection.js';

const lookAgainMs = 1_000;

export interface ProjectionStatus {
  readonly projection: string;
  /** Its rows are those of the log's first `position` entries. */
  readonly position: number;
  /** Why it stands still, in constant words; null while it goes on. */
  readonly stopped: string | null;
}

export interface Rebuilt {
  readonly projection: string;
  readonly position: number;
  /** Why the new one could not be made to the end, in constant words. */
  readonly stopped: string | null;
  /** Positions of rows that were not those that the log gives; a hundred at most. */
  readonly differences: readonly number[];
}

/**
 * Keeps the projections at the head of the log. Any number of instances may: a batch is written by whoever finds the
 * build standing where the batch begins. One that cannot fold an entry stands still there, and the others go on.
 */
export class Projector {
  private readonly builds: Builds;
  private readonly stopping = new AbortController();
  private following: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly log: Log,
    private readonly pool: pg.Pool,
    readonly projections: readonly AnyProjection[],
    /** It is begun anew after each. */
    private readonly onFailure: (projection: string, error: unknown) => void,
  ) {
    this.builds = new Builds(pool);
  }

  start(): void {
    this.following = Promise.all(this.projections.map((one) => this.keep(one)));
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.following;
  }

  status(): Promise<ProjectionStatus[]> {
    return Promise.all(
      this.projections.map(async (one) => {
        const { position = 0, stopped = 'not_built' } = (await this.builds.live(one)) ?? {};
        return { projection: one.name, position, stopped };
      }),
    );
  }

  /** Rows of what is folded. They are never believed. */
  async ask<R extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> {
    return (await this.pool.query<R>(text, [...values])).rows;
  }

  /**
   * Makes a projection anew from the first entry, beside the one that answers, and compares the two at one position. The
   * new one answers from then on, unless it was only to be compared.
   */
  async rebuild(projection: AnyProjection, { keep }: { readonly keep: boolean }): Promise<Rebuilt> {
    const build = await this.builds.begin(projection);
    const walker = await this.log.walker(0, projection.types);
    try {
      let stopped = await this.fill(projection, build, walker);
      const differences = await this.builds.holdingLive(projection, async (live, differences) => {
        stopped ??= await this.fill(projection, build, walker, live.position);
        return live.position === walker.size ? differences(build) : [];
      });
      const { size: position } = walker;
      // One that stands still answers only where there is no other: so that it is seen.
      const replaces = keep && (stopped === null || differences === undefined);
      while (replaces && !(await this.builds.switchTo(projection, build))) await this.fill(projection, build, walker);
      if (!replaces) await this.builds.drop(projection, build);
      return { projection: projection.name, position, stopped, differences: differences ?? [] };
    } catch (error) {
      await this.builds.drop(projection, build).catch(() => undefined);
      throw error;
    }
  }

  /** Folds on up to where the build that answers stands, or else the head. Why it stopped before that, or null. */
  private async fill(
    projection: AnyProjection,
    build: number,
    walker: LogWalker,
    upTo?: number,
  ): Promise<string | null> {
    const live = await this.builds.live(projection);
    const end = upTo ?? (live?.version === projection.version ? live.position : Infinity);
    // The next entries are read and verified while those before them are written.
    let written = Promise.resolve(true);
    let stopped: string | null = null;
    while (walker.size < end && stopped === null) {
      const from = walker.size;
      const [entries, isOurs] = await Promise.all([walker.next(end), written]);
      if (!isOurs) throw new Problem('projection_replaced');
      if (entries === undefined) return null;
      const folded = foldEntries(projection, entries, walker.size);
      stopped = folded.stopped;
      written = this.builds.advance(projection, build, from, folded);
    }
    if (!(await written)) throw new Problem('projection_replaced');
    return stopped;
  }

  private async keep(projection: AnyProjection): Promise<void> {
    const leave = this.log.tail.join();
    const { signal } = this.stopping;
    // What stopped it may be mended in this version of the program.
    await this.builds.retry(projection).catch(() => undefined);
    while (!signal.aborted) {
      // The database may be away, or another instance was first: both are seen at the next look.
      await this.follow(projection).catch((error: unknown) => this.onFailure(projection.name, error));
      await delay(lookAgainMs, undefined, { signal }).catch(() => undefined);
    }
    leave();
  }

  /** Returns where it has to look at the build again. */
  private async follow(projection: AnyProjection): Promise<void> {
    const { signal } = this.stopping;
    const live = await this.builds.live(projection);
    if (live?.version !== projection.version) return void (await this.rebuild(projection, { keep: true }));
    if (live.stopped !== null) return;
    const walker = await this.log.walker(live.position, projection.types);
    for (let from = live.position; !signal.aborted; from = walker.size) {
      const entries = await this.nextOf(walker, signal);
      const folded = foldEntries(projection, entries, walker.size);
      if (!(await this.builds.advance(projection, live.build, from, folded)) || folded.stopped !== null) return;
    }
  }

  private async nextOf(walker: LogWalker, signal: AbortSignal) {
    for (;;) {
      const entries = await walker.next();
      if (entries !== undefined || signal.aborted) return entries ?? [];
      await this.log.tail.next(walker.size, { signal, withinMs: lookAgainMs });
    }
  }
}
