import type { ExposureRow } from '../../history/exposure-rows.js';
import type { ExposureAnswer } from '../../history/history-exposure.js';
import { claimSame, claimSameList } from '../../demo/claim.js';
import type { Stage } from '../../demo/stage.js';
import { sessionsOf } from '../people.js';
import type { OldGrant, Reading } from '../reading.js';
import type { Scale } from '../scale.js';
import type { Before } from './before.js';
import type { Found } from './found.js';
import type { Mistake } from './mistake.js';

/** All that the rehearsal did between the mistake and the lock, and could have done. */
export interface Done {
  readonly before: Before;
  readonly study: OldGrant;
  readonly mistake: Mistake;
  readonly readings: readonly Reading[];
  readonly found: Found;
}

export async function lookingBack({ step, custos }: Stage, done: Done, scale: Scale): Promise<ExposureAnswer> {
  return step('Who could read, and who did: the report is held against what was done here', async () => {
    const [from, to] = [done.mistake.signed.position, done.found.containedAt].map(String) as [string, string];
    const report = await custos.done<ExposureAnswer>('auditor', 'history', 'exposure', from, to, '--limit', '5000');
    claimSameList(readingsIn(report.rows), readingsOf(done), 'who read what, to the record');
    claimSameList(reachIn(report.rows), reachOf(done, scale), 'who could read what, from when until when');
    const { could, did } = report.summary;
    claimSame([did.unknown, did.notAllowed], [0, 0], 'unknown, and not allowed');
    const seen = `could: ${could.persons} persons, ${could.subjects} people's; did: ${did.subjects} people's, ${did.records} records. Equal to the record`; // prettier-ignore
    return [seen, report];
  });
}

export const readingsOf = ({ readings }: Done) =>
  [...readings].sort((a, b) => a.position - b.position).map(({ position, person, session, fields, records }) => [position, person, session, fields.join(), records, 'delivered']); // prettier-ignore

export const readingsIn = (rows: readonly ExposureRow[]) =>
  rows.flatMap((row) => row.kind === 'did' ? [[row.position, row.person, row.session, row.fields.join(), row.records, row.outcome]] : []); // prettier-ignore

/** Each grant as a rectangle in time: from the entry that opened it to the one that closed it. */
function reachOf({ before, study, mistake, found }: Done, { granted }: Scale) {
  const opened = mistake.signed.position + 1;
  return [
    [before.response.grant, 'researcher', sessionsOf(0, granted).sort().join(' '), 'response', opened, found.lock.position + 1],
    [before.prompt.grant, 'researcher2', sessionsOf(granted, 2 * granted).sort().join(' '), 'prompt', opened, found.firstFix.position + 1],
    [study.grant, 'researcher', sessionsOf(0, 3).join(' '), 'prompt', mistake.signed.position, found.lock.position],
  ].map((row) => row.join(' | ')).sort(); // prettier-ignore
}

const reachIn = (rows: readonly ExposureRow[]) =>
  rows
    .flatMap((row) => (row.kind === 'could' ? [row] : []))
    .map(({ grant, person, sessions, fields, since, until }) => {
      const names = sessions.map(({ session }) => session).sort().join(' '); // prettier-ignore
      return [grant, person, names, fields.join(), since.position, until?.position].join(' | ');
    })
    .sort();
