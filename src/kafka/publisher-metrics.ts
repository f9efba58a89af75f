import { Counter, Gauge, type Registry } from 'prom-client';
import type { Lag, PublishedLag } from './published-lag.js';

/** Sizes and counts: nothing out of an entry. */
export class PublisherMetrics {
  private readonly failures: Counter<'code'>;

  constructor(registry: Registry, source: { readonly lag: PublishedLag; isPublishing(): boolean }) {
    const registers = [registry];
    this.failures = new Counter({
      name: 'custos_kafka_publish_failures_total',
      help: 'Attempts to publish the log that ended and were begun anew, by code',
      labelNames: ['code'],
      registers,
    });
    // Each asks for itself: of two gauges that one look sets, one shows what the look before found.
    const gauge = (name: string, help: string, valueOf: (lag: Lag) => number) =>
      new Gauge({
        ...{ name, help, registers },
        async collect() {
          const found = await source.lag.look().catch(() => undefined);
          // A database that does not answer leaves the last figures: its own metrics and readiness say that.
          if (found !== undefined) this.set(valueOf(found));
        },
      });
    gauge(
      'custos_kafka_publish_lag_entries',
      'Entries of the log that are not in their topic yet; the same on every instance',
      ({ lag }) => lag,
    );
    gauge(
      'custos_kafka_published_entries',
      'Entries of the log that are in their topic; the same on every instance',
      ({ published }) => published,
    );
    new Gauge({
      name: 'custos_kafka_publishing',
      help: '1 if this instance is the one that publishes the log',
      registers,
      collect() {
        this.set(source.isPublishing() ? 1 : 0);
      },
    });
  }

  failed(code: string): void {
    this.failures.inc({ code });
  }
}
