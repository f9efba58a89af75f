/** The statement that asks for `log.lock_head` as it was migrated. */
const original = "SELECT pg_get_functiondef('log.lock_head'::regproc) AS sql";

/**
 * Lets a superuser turn the clock of a log: whoever takes its head is told another time. `start-checks.ts` refuses a
 * log with such a clock, so it is put right again before anything starts on it.
 */
export class TurnedClock {
  private sql: string | undefined;

  constructor(private readonly asSuperuser: (sql: string) => Promise<{ readonly rows: { sql?: string }[] }>) {}

  /** `now` is an expression of SQL with a timestamp. */
  async turnTo(now: string): Promise<void> {
    this.sql ??= (await this.asSuperuser(original)).rows[0]?.sql as string;
    await this.asSuperuser(this.sql.replace('clock_timestamp()', now));
  }

  async putRight(): Promise<void> {
    await this.turnTo('clock_timestamp()');
  }
}
