// Nest 12 and some of its dependencies are ESM only, and jest on Node 20 cannot `require` ESM: everything,
// node_modules included, is lowered to CommonJS by swc.
const swc = [
  '@swc/jest',
  {
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'commonjs' },
  },
];
const common = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': swc,
    '^.+\\.m?js$': ['@swc/jest', { jsc: { target: 'es2022' }, module: { type: 'commonjs' }, isModule: 'unknown' }],
  },
  transformIgnorePatterns: [],
  // The copies of the project that mutation tests work in.
  modulePathIgnorePatterns: ['<rootDir>/.custos/'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'],
    // Its `exports` name only the `import` condition, which jest's require does not ask for.
    '^cborg$': '<rootDir>/node_modules/cborg/cborg.js',
    '^cborg/(.+)$': '<rootDir>/node_modules/cborg/$1.js',
  },
};
export default {
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/src/**/*.unit.spec.ts', '<rootDir>/test/**/*.unit.spec.ts'],
    },
    {
      ...common,
      displayName: 'int',
      testMatch: ['<rootDir>/src/**/*.int.spec.ts', '<rootDir>/test/threats/**/*.int.spec.ts'],
      globalSetup: '<rootDir>/test/postgres/setup.ts',
      globalTeardown: '<rootDir>/test/postgres/teardown.ts',
    },
    {
      ...common,
      displayName: 'kafka',
      testMatch: ['<rootDir>/{src,test,bench,examples}/**/*.kafka.spec.ts'],
      globalSetup: '<rootDir>/test/kafka/setup.ts',
      globalTeardown: '<rootDir>/test/kafka/teardown.ts',
    },
    { ...common, displayName: 'system', testMatch: ['<rootDir>/test/**/*.sys.spec.ts'] },
  ],
  testTimeout: 60_000,
  // Specs run in a process beside jest's own, which gives way to a fresh one once it holds this much. In one and the same, each
  // spec left its modules behind, 4 GB in the end, and their AsyncLocalStorages, which Node 20 asks at each promise: late
  // specs took twice as long.
  workerIdleMemoryLimit: '1GB',
  // Node was seen to spin for ever in its own cleanup at the natural end of a process that had run many specs
  // (Environment::CleanupHandles). Connections that a spec leaves open are told by `TestDatabase.drop`.
  forceExit: true,
};
