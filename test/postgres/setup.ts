import '../resolve-typescript.cjs';

/** Global setup of the `int` project, and part of that of `kafka`: their workers find the server in their environment. */
export default async function setup(): Promise<void> {
  const run = globalThis as { endTestServer?: () => Promise<void> };
  if (run.endTestServer !== undefined) return;
  const { startTestServer } = await import('./server.js');
  run.endTestServer = await startTestServer();
}
