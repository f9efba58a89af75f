import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type Provider, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createDevPeople, devTokenIssuer, mintDevToken } from '../identity/dev-people.js';
import { tokenVerifier } from '../identity/tokens.js';
import { createApp, type AppOptions } from './create-app.js';

/** Planted wherever a caller can put something. It must never be seen again, in an answer or in the log. */
export const canary = 'canary-5e1f';

export interface TestApp {
  readonly app: NestFastifyApplication;
  /** The log lines so far. */
  lines(): Record<string, unknown>[];
  logText(): string;
  bearer(name: string): Promise<{ authorization: string }>;
  close(): Promise<void>;
}

/** The real shell around the given controllers, with the people of dev mode. */
export async function startTestApp(
  controllers: Type[],
  differing: Partial<AppOptions> & { providers?: Provider[] } = {},
): Promise<TestApp> {
  const dir = await mkdtemp(join(tmpdir(), 'custos-http-'));
  let logged = '';
  @Module({ controllers, providers: differing.providers ?? [] })
  class TestModule {}
  try {
    await createDevPeople(dir);
    const app = await createApp(TestModule, {
      bodyLimitBytes: 4000,
      docs: true,
      tokens: await tokenVerifier(devTokenIssuer(join(dir, 'jwks.json'))),
      logLevel: 'trace',
      readiness: [],
      logTo: { write: (line) => void (logged += line) },
      ...differing,
    });
    return {
      app,
      lines: () => logged.split('\n').filter(Boolean).map((line) => JSON.parse(line)), // prettier-ignore
      logText: () => logged,
      bearer: async (name) => ({ authorization: `Bearer ${await mintDevToken(dir, name)}` }),
      close: async () => {
        await app.close();
        await rm(dir, { recursive: true });
      },
    };
  } catch (error) {
    await rm(dir, { recursive: true });
    throw error;
  }
}
