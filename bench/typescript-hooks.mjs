import { hash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const options = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

/** `./x.js` next to a TypeScript file is `./x.ts` on disk. */
export async function resolve(specifier, context, next) {
  const ours = context.parentURL?.endsWith('.ts') && !context.parentURL.includes('/node_modules/');
  if (ours && /^(\.{1,2}\/|file:).*\.js$/.test(specifier)) {
    return next(specifier.replace(/\.js$/, '.ts'), context).catch(() => next(specifier, context));
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  return { format: 'module', source: await compiled(fileURLToPath(url)), shortCircuit: true };
}

const folder = join(import.meta.dirname, '../node_modules/.cache/custos-typescript');

/**
 * Kept from run to run: every thread has hooks of its own, and a log is replayed in little more time than it would take
 * each of them to compile what it runs.
 */
async function compiled(file) {
  const source = await readFile(file);
  const key = hash('sha256', JSON.stringify([file, options, source.toString('base64')]));
  const kept = join(folder, `${key}.mjs`);
  try {
    return await readFile(kept);
  } catch {
    // Loaded when it is needed: that alone takes longer than to load what was kept.
    const { transformFile } = await import('@swc/core');
    const { code } = await transformFile(file, options);
    await mkdir(folder, { recursive: true });
    // Whole or not there: others look for it at the same time.
    const own = `${kept}.${randomBytes(6).toString('hex')}`;
    await writeFile(own, code);
    await rename(own, kept);
    return code;
  }
}
