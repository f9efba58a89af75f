import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const goModule = join(process.cwd(), 'test/interop');

/** Undefined where Go and the modules are to be had; otherwise why not. REQUIRE_GO=1 makes that a failure. */
export function whyNoGo(): string | undefined {
  const go = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (go.error !== undefined || go.status !== 0) return 'Go is not installed';
  const modules = spawnSync('go', ['mod', 'download'], { cwd: goModule, encoding: 'utf8' });
  return modules.status === 0 ? undefined : 'the Go modules cannot be had from here';
}

/** Builds every program of test/interop into a folder. */
export async function buildGoPrograms(into: string): Promise<void> {
  // The stamp of a version control system would need one here.
  await promisify(execFile)('go', ['build', '-buildvcs=false', '-o', `${into}/`, './...'], { cwd: goModule });
}

export interface GoRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runGoProgram(path: string, args: readonly string[]): Promise<GoRun> {
  return new Promise((resolve) => {
    const child = execFile(path, [...args], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
