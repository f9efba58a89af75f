import { setTimeout as sleep } from 'node:timers/promises';
import type { KeptCheckpoint } from '../log/checkpoint-keeper.js';
import { Problem } from '../problem.js';
import { lastCosigned } from './ask-witness.js';
import type { KnownLog } from './judge-checkpoint.js';
import type { TrustedWitness, Witnesses } from './witnesses.js';

const betweenMs = 1_000;
/** Any of them may hold more than the others: once enough have answered, the rest gets this long. */
const graceMs = 3_000;

/**
 * What the witnesses hold of a log, before anything starts on it. Machines that are started together come up one after
 * the other, so each is asked until it answers, for as long as the settings say.
 * @throws Problem witnesses_unreachable, with those that did not answer
 */
export async function askAtStart(
  { all, neededAtStart, waitAtStartMs }: Witnesses,
  log: KnownLog,
): Promise<readonly KeptCheckpoint[]> {
  const enough = new AbortController();
  const ended = AbortSignal.any([AbortSignal.timeout(waitAtStartMs), enough.signal]);
  const silent = new Set(all);
  const held: KeptCheckpoint[] = [];
  let grace: NodeJS.Timeout | undefined;
  const isEnough = () => all.length - silent.size >= neededAtStart;
  const letOthersCatchUp = () => {
    if (isEnough()) grace ??= setTimeout(() => enough.abort(), graceMs);
  };
  const ask = async (witness: TrustedWitness) => {
    while (!ended.aborted) {
      const answer = await lastCosigned(witness, log, ended).then(
        (last) => ({ last }),
        () => undefined,
      );
      if (answer === undefined) {
        await sleep(betweenMs, undefined, { signal: ended }).catch(() => undefined);
        continue;
      }
      if (answer.last !== undefined) held.push(answer.last);
      silent.delete(witness);
      letOthersCatchUp();
      return;
    }
  };
  letOthersCatchUp(); // None may be needed.
  await Promise.all(all.map(ask));
  clearTimeout(grace);
  if (!isEnough()) {
    throw new Problem('witnesses_unreachable', {
      limit: neededAtStart,
      witnesses: [...silent].map(({ name }) => name),
    });
  }
  return held;
}
