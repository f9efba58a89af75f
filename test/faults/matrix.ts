import { everyFault, nameOf } from './deck.js';
import type { Violation } from './judge.js';
import type { Mutation } from './mutations.js';
import type { Point } from './proxy.js';
import { scenarioNames, type ScenarioName } from './scenarios.js';
import { FaultServer } from './server.js';
import type { SmallDisk } from './small-disk.js';
import { Trial, type Fault } from './trial.js';

export interface Tally {
  rounds: number;
  kills: number;
  restarts: number;
  /** Refused, unknown, or never answered; each was sent again until it was acknowledged. */
  failedAppends: number;
  rows: number;
  violations: { readonly fault: string; readonly violation: Violation }[];
}

/** Each round verifies the whole log: past this many a new one is cheaper. */
const roundsALog = 60;

/** Traces a good run of each scenario, and then breaks one append after another. */
export class Matrix {
  readonly tally: Tally = { rounds: 0, kills: 0, restarts: 0, failedAppends: 0, rows: 0, violations: [] };
  private trial: Trial | undefined;
  private roundsOfTrial = 0;

  private constructor(
    private readonly server: FaultServer,
    private readonly disk: 'small' | 'any',
    private readonly mutation: Mutation | undefined,
  ) {}

  /** On a small disk the faults are those that fill it. */
  static async start({ disk, mutation }: { disk?: SmallDisk; mutation?: Mutation } = {}): Promise<Matrix> {
    return new Matrix(await FaultServer.start(disk), disk === undefined ? 'any' : 'small', mutation);
  }

  /** A log of its own, since what a message is the nth of does not depend on what the log holds. */
  async faults(): Promise<Fault[]> {
    const trial = await this.current();
    const traces = new Map<ScenarioName, Point[]>();
    for (const scenario of scenarioNames) {
      // The first one makes connections and prepares statements.
      await trial.trace(scenario);
      traces.set(scenario, await trial.trace(scenario));
    }
    await this.next();
    return everyFault(traces, this.disk);
  }

  /** Judges once, after the last of them: most of what a round takes. A violation is of one of them, or of all. */
  async burst(faults: readonly Fault[]): Promise<readonly Violation[]> {
    if (this.roundsOfTrial >= roundsALog) await this.next();
    const trial = await this.current();
    this.roundsOfTrial += faults.length;
    const violations = await trial.burst(faults);
    this.tally.rounds += faults.length;
    const fault = faults.map(nameOf).join(', ');
    this.tally.violations.push(...violations.map((violation) => ({ fault, violation })));
    // Nothing that follows from a broken log is a fault of the next round.
    if (violations.length > 0) await this.next();
    return violations;
  }

  async end(): Promise<void> {
    await this.next();
    await this.server.end();
  }

  private async current(): Promise<Trial> {
    this.trial ??= await Trial.start(this.server, this.mutation);
    return this.trial;
  }

  private async next(): Promise<void> {
    const { trial } = this;
    this.trial = undefined;
    this.roundsOfTrial = 0;
    if (trial === undefined) return;
    this.tally.kills += trial.counts.kills;
    this.tally.restarts += trial.counts.restarts;
    this.tally.failedAppends += trial.counts.failedAppends;
    this.tally.rows += trial.rows;
    await trial.close();
  }
}
