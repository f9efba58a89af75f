import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Loads a package that only a baseline needs. Untyped on purpose: types would make `npm run check` depend on them. */
export async function baselinePackage<T>(name: string): Promise<T> {
  await installOnce(import.meta.dirname, name);
  return (await import(name)) as T;
}

/**
 * What only some runs need has a lock file of its own in their folder, and is installed when first asked for, so that
 * `npm ci` of the project stays lean.
 */
export async function installOnce(folder: string, name: string): Promise<void> {
  if (existsSync(join(folder, 'node_modules', name))) return;
  process.stderr.write(`  installing what only this needs\n`);
  await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
}
