import { randomBytes } from 'node:crypto';
import { canaryMark } from '../demo/canary-search.js';
import { verifyGreen } from '../demo/acts/verifying.js';
import type { Stage } from '../demo/stage.js';
import type { Told } from '../demo/told.js';
import { before as prepare, properStudy } from './acts/before.js';
import { found as find } from './acts/found.js';
import { goingOn } from './acts/going-on.js';
import { lookingBack } from './acts/looking-back.js';
import { leak, mistake as err } from './acts/mistake.js';
import { telling } from './acts/telling.js';
import type { Scale } from './scale.js';

export interface Figures {
  readonly people: number;
  readonly records: number;
  readonly couldBeRead: number;
  readonly wereRead: number;
  readonly recordsRead: number;
  readonly entries: number;
  readonly bundleBytes: number;
}

/**
 * The incident that Custos is made for, in fast motion, against the real service. @throws at the first step that does not
 * hold: what was done is known here, so every report is compared with it.
 */
export async function rehearse(stage: Stage, { act, step }: Told, scale: Scale): Promise<Figures> {
  const mark = `${canaryMark}${randomBytes(6).toString('hex')}`;
  act('Before');
  await step('The service starts with a PostgreSQL of its own', async () => {
    await stage.service.start();
    return [`ready on ${stage.service.url}`, undefined];
  });
  const before = await prepare(stage, scale, mark);
  const study = await properStudy(stage);
  act('The mistake');
  const mistake = await err(stage, before);
  const readings = await leak(stage, before, scale);
  act('Found');
  const found = await find(stage, scale, before, mistake);
  act('Looking back');
  const done = { before, study: study.grant, mistake, readings, found };
  const { summary } = await lookingBack(stage, done, scale);
  act('Going on');
  await goingOn(stage, found);
  act('Telling');
  const { bytes, size } = await telling(stage, done, mark);
  await verifyGreen(stage, 'The log verifies');
  return {
    people: scale.people,
    records: scale.people * scale.recordsOfEach,
    couldBeRead: summary.could.subjects,
    wereRead: summary.did.subjects,
    recordsRead: summary.did.records,
    entries: size,
    bundleBytes: bytes,
  };
}
