import { existsSync } from 'node:fs';
import Module from 'node:module';
import { dirname, resolve } from 'node:path';

/** Global setup of the `int` project: its workers find the server in their environment. */
export default async function setup(): Promise<void> {
  resolveTypeScript();
  const { startTestServer } = await import('./server.js');
  const run = globalThis as { endTestServer?: () => Promise<void> };
  run.endTestServer = await startTestServer();
}

type Resolve = (request: string, parent?: { filename?: string }, ...rest: unknown[]) => string;

/**
 * Jest maps `./x.js` to `./x.ts` inside tests, and not in its global setup: there Node resolves, and jest
 * only translates each file.
 */
function resolveTypeScript(): void {
  const node = Module as unknown as { _resolveFilename: Resolve };
  const original = node._resolveFilename;
  node._resolveFilename = (request, parent, ...rest) => {
    if (/^\.{1,2}\/.*\.js$/.test(request) && parent?.filename?.endsWith('.ts') === true) {
      const source = resolve(dirname(parent.filename), request.replace(/\.js$/, '.ts'));
      if (existsSync(source)) return original(source, parent, ...rest);
    }
    return original(request, parent, ...rest);
  };
}
