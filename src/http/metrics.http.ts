import { Controller, Get, Header, Inject } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import { Anyone } from './may-ask.js';

export const METRICS = Symbol('metrics');

/** Labels are route patterns, methods and status codes: never an address, an id or a name, since anyone may look. */
export class Metrics {
  readonly registry = new Registry();
  private readonly requests = new Counter({
    name: 'custos_http_requests_total',
    help: 'Requests answered, by route pattern, method and status',
    labelNames: ['route', 'method', 'status'],
    registers: [this.registry],
  });
  private readonly seconds = new Histogram({
    name: 'custos_http_request_seconds',
    help: 'Time to answer, by route pattern and method',
    labelNames: ['route', 'method'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  answered(labels: { route: string; method: string; status: number }, seconds: number): void {
    const { route, method, status } = labels;
    this.requests.inc({ route, method, status: String(status) });
    this.seconds.observe({ route, method }, seconds);
  }
}

@Controller('metrics')
export class MetricsController {
  private telling: Promise<string> | undefined;

  constructor(@Inject(METRICS) private readonly metrics: Metrics) {}

  @Get()
  @Header('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Anyone()
  text(): Promise<string> {
    // However many ask meanwhile: anyone may, and some of it is asked of others first.
    this.telling ??= this.metrics.registry.metrics().finally(() => (this.telling = undefined));
    return this.telling;
  }
}
