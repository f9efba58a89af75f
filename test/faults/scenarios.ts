import { streams, type Order, type Shape } from './order.js';
import type { Trial } from './trial.js';

/** One way for an append to happen: what comes before it, and what is sent at once. */
export interface Scenario {
  readonly about: string;
  prepare(trial: Trial): Promise<void>;
  orders(trial: Trial): readonly Order[];
  /** How many transactions of the trace are broken. Left out: all of it. */
  readonly transactions?: number;
  /** Nobody else appends while it happens: nothing but the service itself keeps what arrives late from taking effect. */
  readonly isAlone?: true;
}

const tileWidth = 256;
const one = (shape: Shape, entries: number) => (trial: Trial) => [trial.newOrder(shape, entries)];
/**
 * The instance under test has a connection that was used before, and believes the head where it is: if another has
 * appended, its first append finds that out, its second that nobody has since. It knows every stream.
 */
const shapes: readonly Shape[] = [
  ...Array<Shape>(streams).fill('plain'),
  ...Array<Shape>(streams).fill('governing'),
  'sealed',
];
const caughtUp = async (trial: Trial) => {
  for (const shape of shapes) await trial.appendBy('a', trial.newOrder(shape, 1));
};

const scenarios = {
  warm: { about: 'a small entry over a connection in use', prepare: caughtUp, orders: one('governing', 1) },
  alone: {
    about: 'the same, and nobody else appends until whatever was sent has arrived',
    prepare: caughtUp,
    orders: one('governing', 1),
    isAlone: true,
  },
  cold: {
    about: 'over a connection that is made for it',
    prepare: async (trial) => {
      await caughtUp(trial);
      await trial.disconnect('a');
    },
    orders: one('governing', 1),
  },
  sealed: { about: 'entries with bodies', prepare: caughtUp, orders: one('sealed', 2) },
  behind: {
    about: 'after another instance has appended',
    prepare: async (trial) => {
      await caughtUp(trial);
      await trial.appendBy('b', trial.newOrder('governing', 2));
    },
    orders: one('governing', 2),
  },
  tile: {
    about: 'entries that complete a tile',
    prepare: async (trial) => {
      const missing = tileWidth - 1 - ((trial.size + shapes.length) % tileWidth);
      if (missing > 0) await trial.appendBy('b', trial.newOrder('plain', missing));
      await caughtUp(trial);
    },
    orders: one('plain', 2),
  },
  group: {
    about: 'several commands at once, one of them twice',
    prepare: caughtUp,
    orders: (trial) => {
      const twice = trial.newOrder('governing', 2);
      return [trial.newOrder('plain', 1), twice, trial.newOrder('sealed', 1), twice, trial.newOrder('governing', 1)];
    },
  },
  halves: {
    about: 'so many commands at once that they go in two transactions, one behind the other',
    prepare: caughtUp,
    orders: (trial) => Array.from({ length: 70 }, (_, index) => trial.newOrder(index % 9 ? 'plain' : 'governing', 1)),
  },
  repeat: {
    about: 'a command that was acknowledged before',
    prepare: caughtUp,
    orders: (trial) => [trial.firstAcked()],
    // What follows is as in "behind", and then reads that prove what was answered: how many depends on the log.
    transactions: 1,
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;
export const scenarioOf = (name: ScenarioName): Scenario => scenarios[name];
export const scenarioNames = Object.keys(scenarios) as ScenarioName[];
