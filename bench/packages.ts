import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Loads a package that only a baseline needs. They have a lock file of their own (`bench/package-lock.json`) and are
 * installed when first asked for, so that `npm ci` of the project stays lean. Untyped on purpose: types would
 * make `npm run check` depend on them.
 */
export async function baselinePackage<T>(name: string): Promise<T> {
  const folder = import.meta.dirname;
  if (!existsSync(join(folder, 'node_modules', name))) {
    process.stderr.write(`  installing what only the baselines need\n`);
    await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
  }
  return (await import(name)) as T;
}
