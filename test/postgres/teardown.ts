/** Global teardown of the `int` project: same process as the setup, so the server is found there. */
export default async function teardown(): Promise<void> {
  const run = globalThis as { endTestServer?: () => Promise<void> };
  await run.endTestServer?.();
}
