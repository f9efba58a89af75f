import { Agent, request } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import { createApp } from '../src/http/create-app.js';
import type { TestIssuer } from '../test/test-issuer.js';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A module behind the real HTTP shell, and callers who keep their connections. */
export async function serve(module: DynamicModule, { tokens }: TestIssuer) {
  const app = await createApp(module, {
    ...{ bodyLimitBytes: 16 * 1024 * 1024, docs: false, logLevel: 'silent', readiness: [] },
    tokens,
  });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const post = (path: string, token: string, body: unknown, onBytes?: (bytes: Buffer) => void) =>
    new Promise<Answer>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const asking = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', onBytes ?? ((chunk: Buffer) => void chunks.push(chunk)));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      asking.on('error', reject);
      asking.end(JSON.stringify(body));
    });
  return {
    post,
    async close() {
      agent.destroy();
      await app.close();
    },
  };
}
