import { transformFile } from '@swc/core';
import { spawn } from 'node:child_process';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.js';

/** A process of its own that started the embedded server, to be killed in tests as a real one would be. */
export interface AnotherCustos {
  readonly postgresPid: number;
  readonly superuserUrl: string;
  /** SIGKILL: its server is left behind. Resolves when it is gone. */
  kill(): Promise<void>;
}

const script = `
  import { startEmbeddedPostgres } from './log/embedded-postgres.js';
  const { pid, superuserUrl } = await startEmbeddedPostgres({ dir: process.argv[2] });
  process.stdout.write(JSON.stringify({ pid, superuserUrl }) + '\\n');
  setInterval(() => undefined, 1_000);
`;

/** Node runs no TypeScript before version 22, so the few files that this needs are translated aside. */
export async function prepareAnotherCustos(): Promise<{ folder: string; start(dir: string): Promise<AnotherCustos> }> {
  const folder = await temporaryFolder();
  const names = (await readdir('src/log')).filter((name) => /^embedded-postgres[a-z-]*\.ts$/.test(name));
  await mkdir(join(folder, 'log'));
  for (const file of ['problem.ts', ...names.map((name) => `log/${name}`)]) {
    const { code } = await transformFile(join('src', file), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    });
    await writeFile(join(folder, file.replace(/\.ts$/, '.js')), code);
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'main.js'), script);
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
  return { folder, start: (dir) => start(join(folder, 'main.js'), dir) };
}

async function start(main: string, dir: string): Promise<AnotherCustos> {
  const child = spawn(process.execPath, [main, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  const said = await new Promise<string>((done, failed) => {
    child.stdout.once('data', (chunk: Buffer) => done(chunk.toString()));
    void gone.then(() => failed(new Error('the other process ended before its server was ready')));
  });
  const { pid, superuserUrl } = JSON.parse(said) as { pid: number; superuserUrl: string };
  return {
    postgresPid: pid,
    superuserUrl,
    kill: () => {
      child.kill('SIGKILL');
      return gone;
    },
  };
}
