/** Same process as the setup, so the server is found there. Of two projects that share it the first one ends it. */
export default async function teardown(): Promise<void> {
  const run = globalThis as { endTestServer?: () => Promise<void> };
  const end = run.endTestServer;
  delete run.endTestServer;
  await end?.();
}
