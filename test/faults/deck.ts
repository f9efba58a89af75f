import { fillsDisk, kindNames } from './kinds.js';
import type { Point } from './proxy.js';
import { scenarioOf, type ScenarioName } from './scenarios.js';
import type { Fault } from './trial.js';

/** Every fault at every point of every traced append, on a disk that may be filled or on one that may not. */
export function everyFault(traces: ReadonlyMap<ScenarioName, readonly Point[]>, disk: 'small' | 'any'): Fault[] {
  const kinds = kindNames.filter((kind) => fillsDisk(kind) === (disk === 'small'));
  return [...traces].flatMap(([scenario, points]) =>
    firstTransactions(points, scenarioOf(scenario).transactions)
      .filter(atAnEdge)
      .flatMap((point) =>
        (['before', 'after'] as const).flatMap((when) => kinds.map((kind) => ({ scenario, point, when, kind }))),
      ),
  );
}

function firstTransactions(points: readonly Point[], count = Infinity): readonly Point[] {
  const begins = points.flatMap(({ label }, index) => (label === 'Query BEGIN' ? [index] : []));
  return points.slice(0, begins[count] ?? points.length);
}

/** Of hundreds of rows in one answer, the first and the last. */
const atAnEdge = ({ label }: Point, index: number, all: readonly Point[]): boolean =>
  label !== 'DataRow' || all[index - 1]?.label !== label || all[index + 1]?.label !== label;

/** How a fault is named in a failure, and chosen by `--point`. */
export const nameOf = ({ scenario, point, when, kind }: Fault): string =>
  `${scenario} ${when} ${point.direction}${point.index} ${point.label} ${kind}`;

/** What replays it. */
export const replayOf = (fault: Fault): string =>
  `npm run test:faults -- ${fillsDisk(fault.kind) ? '--full-disk ' : ''}--point '${nameOf(fault)}'`;
