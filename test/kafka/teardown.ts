import '../resolve-typescript.cjs';

export default async function teardown(): Promise<void> {
  const run = globalThis as { endTestKafka?: () => Promise<void> };
  await run.endTestKafka?.();
  const { default: teardownPostgres } = await import('../postgres/teardown.js');
  await teardownPostgres();
}
