// The house's rule: imports run downward only. Each context names what it may use; all else is refused.
const mayImport = {
  merkle: [],
  sealing: [],
  log: ['merkle', 'sealing'],
  identity: ['log', 'sealing', 'merkle'],
  witness: ['log', 'merkle'],
  keys: ['log', 'sealing', 'merkle', 'identity'],
  capture: ['log', 'sealing', 'keys', 'identity'],
  access: ['log', 'sealing', 'merkle', 'identity', 'keys'],
  history: ['log', 'merkle', 'identity', 'keys', 'capture', 'access'],
  kafka: ['log', 'sealing', 'merkle', 'keys', 'identity', 'capture'],
};
// A controller, and its spec beside it.
const controllers = '\\.http(\\.(unit|int)\\.spec)?\\.ts$';

module.exports = {
  forbidden: [
    ...Object.entries(mayImport).map(([context, allowed]) => ({
      name: `${context}-imports-downward`,
      severity: 'error',
      from: { path: `^src/${context}/`, pathNot: controllers },
      to: {
        path: '^src/',
        pathNot: [
          `^src/${context}/`,
          ...allowed.map((other) => `^src/${other}/`),
          ...(['merkle', 'sealing'].includes(context) ? [] : ['^src/(problem|text-lines)\\.ts$']),
        ],
      },
    })),
    {
      name: 'controllers-use-the-shell',
      comment: 'Only a controller may know of HTTP.',
      severity: 'error',
      from: {
        path: '^src/(merkle|sealing|log|identity|witness|keys|capture|access|history|kafka)/',
        pathNot: controllers,
      },
      to: { path: '^src/http/' },
    },
    {
      name: 'libsodium-in-sealing-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/sealing/' },
      to: { path: 'libsodium' },
    },
    {
      name: 'kafkajs-behind-its-port-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/kafka/(kafkajs-[a-z-]*|kafka-port\\.kafka\\.spec)\\.ts$' },
      to: { path: 'kafkajs', pathNot: '^src/' },
    },
    {
      name: 'merkle-and-sealing-do-no-io',
      severity: 'error',
      from: { path: '^src/(merkle|sealing)/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|zlib|util|buffer)$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    exclude: { path: '^(dist|node_modules)/' },
    enhancedResolveOptions: { conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.js', '.mjs'] },
  },
};
