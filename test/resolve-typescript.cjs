// Jest maps `./x.js` to `./x.ts` inside tests, and not in a global setup: there Node resolves, and jest only translates
// each file.
const { existsSync } = process.getBuiltinModule('node:fs');
const Module = process.getBuiltinModule('node:module');
const { dirname, resolve } = process.getBuiltinModule('node:path');

const original = Module._resolveFilename;
Module._resolveFilename = (request, parent, ...rest) => {
  if (/^\.{1,2}\/.*\.js$/.test(request) && parent?.filename?.endsWith('.ts') === true) {
    const source = resolve(dirname(parent.filename), request.replace(/\.js$/, '.ts'));
    if (existsSync(source)) return original(source, parent, ...rest);
  }
  return original(request, parent, ...rest);
};
