import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KindName } from './kinds.js';
import type { ScenarioName } from './scenarios.js';

/** A service that is broken on purpose: the matrix must find it, or it finds nothing. */
export interface Mutation {
  readonly name: string;
  /** Where it is looked for; one of these points must show it. */
  readonly scenario: ScenarioName;
  readonly kind: KindName;
  /** In the build: file, what stands there exactly once, and what takes its place. */
  readonly edits: readonly { readonly file: string; readonly find: string; readonly put: string }[];
  /** In the database, by a superuser. */
  readonly sql?: string;
}

/** Without this the start checks would find what is done to the database, before any append. */
const blindStart = { file: 'log/start-checks.js', find: 'await requireGuards(client);', put: '' };
export const mutations: readonly Mutation[] = [
  {
    name: 'whatever became of a COMMIT, it is taken for committed',
    scenario: 'warm',
    kind: 'cut',
    edits: [
      {
        file: 'log/settle-commit.js',
        find: 'export async function settleCommit(pool, server, meant) {',
        put: 'export async function settleCommit(pool, server, meant) {\n    return;',
      },
    ],
  },
  {
    name: 'what was sent over a lost connection is judged while it may still arrive',
    scenario: 'alone',
    kind: 'late',
    edits: [{ file: 'log/settle-commit.js', find: 'await end(server, client);', put: '' }],
  },
  {
    name: 'the index of commands is gone',
    scenario: 'repeat',
    kind: 'cut',
    edits: [blindStart],
    sql: 'ALTER TABLE log.command DROP CONSTRAINT command_pkey',
  },
  {
    name: 'a command is acknowledged before its COMMIT is',
    // With bodies COMMIT is sent by itself.
    scenario: 'sealed',
    kind: 'cut',
    edits: [
      {
        file: 'log/write-and-commit.js',
        find: 'const [inserted, committed] = await Promise.allSettled([inserting, committing]);',
        put: `const [inserted] = await Promise.allSettled([inserting]);
    committing.catch(() => undefined);
    const committed = { status: 'fulfilled', value: { command: 'COMMIT' } };`,
      },
    ],
  },
  {
    name: 'what a group will be is believed, and shown, before it is committed',
    scenario: 'warm',
    kind: 'cut',
    edits: [
      {
        file: 'log/believed-flights.js',
        find: 'const ending = await (await sent).ended;',
        put: `this.parts.replay.adopt(writes.next);
        const ending = await (await sent).ended;`,
      },
    ],
  },
  {
    name: 'the head is not locked',
    scenario: 'warm',
    kind: 'stall',
    edits: [blindStart],
    sql: `DO $$ BEGIN
      EXECUTE replace(pg_get_functiondef('log.lock_head'::regproc), 'FOR UPDATE', '');
    END $$`,
  },
];

/** The build with the mutation in it, in a folder of its own below node_modules, where its imports are found. */
export async function brokenBuild({ name, edits }: Mutation): Promise<string> {
  const folder = join('node_modules/.cache/custos-mutation', name.replaceAll(/\W+/g, '-'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp('dist', join(folder, 'dist'), { recursive: true });
  await cp('migrations', join(folder, 'migrations'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  for (const { file, find, put } of edits) {
    const path = join(folder, 'dist', file);
    const before = await readFile(path, 'utf8');
    if (before.split(find).length !== 2) throw new Error(`${file} has changed: find another place for "${name}"`);
    await writeFile(path, before.replace(find, put));
  }
  return join(process.cwd(), folder, 'dist');
}
