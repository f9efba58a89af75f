import pg from 'pg';

const firstDelayMs = 100;
const longestDelayMs = 5_000;

/**
 * The one connection of this process that listens for new entries. What it hears is a reason to look, nothing more:
 * a notification may be lost or made up. After each (re)connection it wakes once, for what came while it was deaf.
 */
export class LogListener {
  private client: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private delayMs = firstDelayMs;
  private closed = false;

  constructor(
    private readonly config: pg.ClientConfig,
    private readonly wake: () => void,
  ) {
    void this.connect();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    await this.client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const client = new pg.Client(this.config);
    this.client = client;
    let lost = false;
    const again = () => {
      if (lost) return;
      lost = true;
      this.later();
    };
    client.on('error', again);
    client.on('end', again);
    client.on('notification', () => this.wake());
    try {
      await client.connect();
      if (this.closed) return await client.end();
      await client.query('LISTEN custos_log');
      this.delayMs = firstDelayMs;
      this.wake();
    } catch {
      await client.end().catch(() => undefined);
      again();
    }
  }

  private later(): void {
    if (this.closed) return;
    this.retry = setTimeout(() => void this.connect(), this.delayMs);
    this.delayMs = Math.min(this.delayMs * 2, longestDelayMs);
  }
}
