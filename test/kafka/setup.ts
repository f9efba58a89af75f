import '../resolve-typescript.cjs';

/** Global setup of the `kafka` project: a log to publish needs PostgreSQL too. */
export default async function setup(): Promise<void> {
  const { default: setupPostgres } = await import('../postgres/setup.js');
  await setupPostgres();
  const { startTestKafka } = await import('./server.js');
  const run = globalThis as { endTestKafka?: () => Promise<void> };
  run.endTestKafka = await startTestKafka();
}
