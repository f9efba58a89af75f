/** What is changed, and the tests that must notice. The oracles of `decide` are no part of it: its own tests must do alone. */
export const parts = {
  decide: {
    changed: ['src/access/{decide,reach,policy}.ts'],
    tests: ['src/access/{decide,reach,policy}.unit.spec.ts'],
  },
  merkle: { changed: ['src/merkle/!(*.spec).ts'], tests: ['src/merkle/*.unit.spec.ts'] },
  sealing: { changed: ['src/sealing/!(*.spec).ts'], tests: ['src/sealing/*.unit.spec.ts'] },
};
export type Part = keyof typeof parts;
export const partNames = Object.keys(parts) as Part[];
