import type { Entry } from '../../src/log/header.js';
import type { FieldName } from '../../src/log/fields.js';
import type { LockTarget } from '../../src/log/entries.js';
import { RevokeGrant, RevokeGrantHandler } from '../../src/access/revoke-grant.handler.js';
import { SetLock, SetLockHandler } from '../../src/access/set-lock.handler.js';
import { EraseSubject, EraseSubjectHandler } from '../../src/keys/erase-subject.js';
import type { LockId, PersonId, Position } from '../../src/log/ids.js';
import { freshCommand, researcher } from '../vault-in-process.js';
import type { Post, RaceTrack, Stopped } from './race-track.js';

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const isRelease = ({ type }: Entry) => type === 'disclosure.made';
const isAbout =
  ({ subject }: Post) =>
  ({ subject: of }: Entry) =>
    of === subject;

/** What may end a release, one at a time, against many readers who have everything that it takes. */
export const heats: Readonly<Record<string, (track: RaceTrack) => Promise<void>>> = {
  async revocations(track) {
    const { session, subject, grant: first } = await track.post();
    const grants = [first, ...(await Promise.all(times(9, () => track.granted(session))))];
    const revocation = (grant: typeof first) => () => {
      const covers = (entry: Entry) => entry.type === 'disclosure.made' && entry.data.grant === grant;
      const revoke = new RevokeGrant(freshCommand(), 'ada' as PersonId, grant, { as: 'overseer' }, 'enough');
      return track.stop({ kind: 'revocation', covers }, (log) => new RevokeGrantHandler(log).execute(revoke));
    };
    const readers = grants.flatMap((grant) => times(8, () => track.reader({ session, subject, grant })));
    await track.race(readers, grants.map(revocation));
  },
  'lock of everything': (track) => locked(track, () => ({ kind: 'all' })),
  'lock of a field': (track) => locked(track, () => ({ kind: 'field', field: 'typed' as FieldName })),
  'lock of a subject': (track) => locked(track, ({ subject }) => ({ kind: 'subject', subject })),
  'lock of a person': (track) => locked(track, () => ({ kind: 'person', person: researcher })),
  'lock of a grant': (track) => locked(track, ({ grant }) => ({ kind: 'grant', grant })),
  async erasure(track) {
    const post = await track.post();
    const erase = new EraseSubject(freshCommand(), 'ola' as PersonId, post.subject);
    const { keyholder } = track.vault;
    const racers = [...times(60, () => track.reader(post)), ...times(4, () => track.writer(post.subject))];
    await track.race(racers, [
      () =>
        track.stop({ kind: 'erasure', covers: isAbout(post) }, (log) => new EraseSubjectHandler(log, keyholder).execute(erase)), // prettier-ignore
    ]);
  },
  async 'a stricter policy'(track) {
    const post = await track.post();
    const quorumOfPrivate = (quorum: number) => track.vault.changePolicy(({ classes }) => (classes.private.quorum = quorum)); // prettier-ignore
    let stopped: Stopped<{ position: Position }> | undefined;
    await track.race(
      times(60, () => track.reader(post)),
      [
        async () => {
          stopped = await track.stop({ kind: 'policy', covers: isRelease }, () => quorumOfPrivate(3));
        },
      ],
    );
    await stopped?.lift(() => quorumOfPrivate(2));
  },
  async 'budget of disclosures'(track) {
    const post = await track.post({ disclosures: 7 });
    await track.race(
      times(30, () => track.reader(post)),
      [],
    );
  },
  async 'budget of records'(track) {
    const post = await track.post({ records: 6 * 7 + 5 });
    await track.race(
      times(30, () => track.reader(post)),
      [],
    );
  },
  async 'pause of a subject'(track) {
    const post = await track.post();
    const covers = (entry: Entry) => entry.type === 'session.batch' && isAbout(post)(entry);
    const { subject } = post;
    await track.race(
      times(12, () => track.writer(subject)),
      [() => track.stop({ kind: 'pause', covers }, (log) => track.vault.consent(subject, 'paused', log))],
    );
  },
};

/** Last of a track: going on takes a green report. */
export async function programmePaused(track: RaceTrack): Promise<void> {
  const { subject } = await track.post();
  const covers = ({ type }: Entry) => type === 'session.batch';
  await track.race(
    times(20, () => track.writer(subject)),
    [() => track.stop({ kind: 'programme', covers }, (log) => track.vault.pauseProgramme(log))],
  );
}

async function locked(track: RaceTrack, targetOf: (post: Post) => LockTarget): Promise<void> {
  const post = await track.post();
  let stopped: Stopped<{ lock: LockId; position: Position }> | undefined;
  const lock = new SetLock(freshCommand(), 'ola' as PersonId, targetOf(post), 'an incident');
  await track.race(
    times(80, () => track.reader(post)),
    [
      async () => {
        stopped = await track.stop({ kind: `lock of ${lock.target.kind}`, covers: isRelease }, (log) => new SetLockHandler(log).execute(lock)); // prettier-ignore
      },
    ],
  );
  await stopped?.lift(() => track.vault.act('lock.lift', { lock: stopped?.answer.lock }));
}
