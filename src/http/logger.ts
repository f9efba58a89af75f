import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import { describeError } from './describe-error.js';

/** One JSON line an event. Standard error unless named, so that standard output stays the command line's. */
export const openLogger = (options: { level: string; to: DestinationStream | undefined }): Logger =>
  pino(
    { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    options.to ?? pino.destination(2),
  );

/**
 * What Nest itself has to say. Errors come as in every log line of ours, without their message. Texts are dropped
 * once requests are served, since Nest builds some of them out of what a caller sent; before, nobody sent anything.
 */
export class NestLog implements LoggerService {
  private serving = false;
  constructor(private readonly logger: Logger) {}

  /** To be called before the first request can arrive. */
  fromNowOnServing(): void {
    this.serving = true;
  }

  log(): void {}
  warn(said: unknown): void {
    this.logger.warn(this.fitToPrint(said), 'nest');
  }
  error(said: unknown): void {
    this.logger.error(this.fitToPrint(said), 'nest');
  }
  fatal(said: unknown): void {
    this.logger.fatal(this.fitToPrint(said), 'nest');
  }

  private fitToPrint(said: unknown): object {
    if (typeof said !== 'string') return describeError(said);
    return this.serving ? {} : { said };
  }
}
