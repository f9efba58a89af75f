import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Slice } from '../../src/log/governance.js';
import type { CommandId, PersonId } from '../../src/log/ids.js';
import type { Log } from '../../src/log/log.js';
import { actor, commandId, draftsOf, type Order } from './order.js';

/** One instance of the log, as built in dist or in the folder that is the first argument, in a process of its own that can be killed. One JSON a line, both ways. */
export type Said =
  | { said: 'started'; size: number }
  | { said: 'acked'; nth: number; answer: unknown; positions: readonly number[]; repeated: boolean }
  | { said: 'failed'; nth: number; code: string }
  /** What whoever sent the command keeps as a proof. */
  | { said: 'receipt'; receipt: string }
  | { said: 'pong'; nth: number }
  | { said: 'looked'; nth: number; size: number; governing: number; checkpoint: string; receipts: readonly string[] };
export type Asked =
  | { ask: 'ping'; nth: number }
  | { ask: 'start'; url: string; origin: string; seed: string }
  /** All at once: they may share a transaction. */
  | { ask: 'append'; orders: readonly { nth: number; order: Order }[] }
  /** What it knows, and the proofs of these positions. */
  | { ask: 'look'; nth: number; positions: readonly number[] };

const built = <T>(path: string): Promise<T> =>
  import(pathToFileURL(join(process.argv[2] ?? join(import.meta.dirname, '../../dist'), path)).href) as Promise<T>;
const { openPool } = await built<typeof import('../../src/log/database.js')>('log/database.js');
const { Log: BuiltLog } = await built<typeof import('../../src/log/log.js')>('log/log.js');
const { writeCommand } = await built<typeof import('../../src/log/write-command.js')>('log/write-command.js');
const note = await built<typeof import('../../src/merkle/note.js')>('merkle/note.js');
const { ed25519Signer, formatVerifierKey, parseVerifierKey } = note;

/** The smallest state that tells how many entries a decision was made on. */
const governing: Slice<number> = {
  key: { slice: 'governing' },
  empty: 0,
  evolve: (state, entry) => (entry.type === 'consent.changed' ? state + 1 : state),
};
const connections = 4;
let log: Log | undefined;

/** A pipe takes a line at once: what was said is said, whatever happens to this process next. */
const say = (said: Said) => process.stdout.write(`${JSON.stringify(said)}\n`);
const codeOf = (error: unknown) => {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name);
};

async function start({ url, origin, seed }: Extract<Asked, { ask: 'start' }>): Promise<void> {
  const signer = ed25519Signer(origin, Buffer.from(seed, 'hex'));
  log = new BuiltLog({
    pool: openPool(url, { connections, name: 'faults' }),
    identity: { origin, signer },
    verifiers: [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))],
    slices: [governing],
  });
  say({ said: 'started', size: (await log.start()).size });
}

async function append(to: Log, nth: number, order: Order): Promise<void> {
  const command = writeCommand(commandId(order) as CommandId, actor as PersonId, order);
  const { answer, positions, repeated, receipts } = await to.append(command, (head) => ({
    entries: draftsOf(order),
    // Tells where it was decided: a decision made anew would give another answer.
    answer: { number: order.number, size: head.size, governing: head.of(governing.key) },
  }));
  say({ said: 'acked', nth, answer, positions, repeated });
  // Those of what was just written are made in memory, with the checkpoint of its transaction.
  if (!repeated) for (const receipt of await receipts()) say({ said: 'receipt', receipt });
}

async function look(at: Log, nth: number, positions: readonly number[]): Promise<void> {
  const state = await at.refreshed();
  const { checkpoint, size } = await at.reader.head();
  const receipts: string[] = [];
  for (const position of positions) receipts.push(await at.tree.receipt(position));
  say({ said: 'looked', nth, size, governing: state.of(governing.key), checkpoint, receipts });
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const asked = JSON.parse(line) as Asked;
    if (asked.ask === 'start') return void start(asked);
    if (asked.ask === 'ping') return void setImmediate(() => say({ said: 'pong', nth: asked.nth }));
    const to = log;
    if (to === undefined) throw new Error('not started');
    const failed = (nth: number) => (error: unknown) => say({ said: 'failed', nth, code: codeOf(error) });
    if (asked.ask === 'look') return void look(to, asked.nth, asked.positions).catch(failed(asked.nth));
    for (const { nth, order } of asked.orders) void append(to, nth, order).catch(failed(nth));
  })
  .on('close', () => process.exit(0));
