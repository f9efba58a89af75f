import { mostNamed, readingsSince, Tally } from './containment.js';
import {
  after,
  enrolKeys,
  erased,
  granted,
  grantId,
  later,
  locked,
  person,
  revoked,
  session,
  start,
  subject,
  type Step,
} from './given.spec.js';
import type { ContainmentId } from '../log/ids.js';

beforeAll(enrolKeys);

const hour = 3_600_000;
const tried = (since: number, ...steps: readonly Step[]) => [...readingsSince(after(...steps), { since, only: {} })];

describe('what is tried again is', () => {
  it('each field of each session of a grant, once, whatever has closed it since', () => {
    const readings = tried(start, granted(), revoked(), locked(), erased('sub-1'));
    expect(readings.map((one) => `${one.session} ${one.field}`)).toEqual([
      ...['ses-1 typed', 'ses-1 url'],
      ...['ses-2 typed', 'ses-2 url'],
    ]);
  });

  it('what was in force at the last millisecond before, and not what had ended by then', () => {
    expect(tried(start + hour - 1, granted(), later(2 * hour))).toHaveLength(4);
    expect(tried(start + hour, granted(), later(2 * hour))).toHaveLength(0);
  });
});

it('a report names so many that it fits its header, and counts them all', () => {
  const tally = new Tally({ containment: '' as ContainmentId, since: 0, only: {} });
  const reading = { person: person('p'), grant: grantId(0), session: session('s'), subject: subject('s'), field: 'url' as const }; // prettier-ignore
  for (let count = 0; count <= mostNamed; count += 1) tally.add(reading, { service: true, keyholder: false });
  expect(tally.add(reading, { service: false, keyholder: false })).toBeUndefined();
  expect(tally.report).toMatchObject({ probed: mostNamed + 2, open: mostNamed + 1 });
  expect(tally.report.named).toHaveLength(mostNamed);
});
