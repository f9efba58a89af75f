import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { CommandId } from '../log/ids.js';
import { SweepRetention } from './sweep-retention.js';

const everyMs = 3_600_000;
/** What a crash left half done is finished soon after a start, and not while everybody comes back. */
const firstAfterMs = 30_000;

/** Sweeps by itself, on every instance: whoever comes first writes the entries, the others find nothing to add. */
@Injectable()
export class RetentionSchedule implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<unknown> = Promise.resolve();

  constructor(private readonly commands: CommandBus) {}

  onApplicationBootstrap(): void {
    this.wait(firstAfterMs);
  }

  /** The log closes after this: what is under way comes to its end first. */
  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.sweeping;
  }

  private wait(ms: number): void {
    this.timer = setTimeout(() => {
      this.sweeping = this.sweep().finally(() => {
        if (this.timer !== undefined) this.wait(everyMs);
      });
    }, ms).unref();
  }

  /** A log or keyholder that does not answer is nothing new to anybody: the next sweep finishes what this one began. */
  private async sweep(): Promise<void> {
    try {
      await this.commands.execute(new SweepRetention(randomUUID() as CommandId, 'custos', everyMs / 2));
    } catch (error) {
      new Logger('retention').error(error);
    }
  }
}
