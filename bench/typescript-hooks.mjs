import { transformFile } from '@swc/core';
import { fileURLToPath } from 'node:url';

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
  const { code } = await transformFile(fileURLToPath(url), {
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'es6' },
    sourceMaps: 'inline',
  });
  return { format: 'module', source: code, shortCircuit: true };
}
