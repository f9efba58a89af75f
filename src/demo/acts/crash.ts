import { linesOf } from '../ask.js';
import { claim, claimFound, claimSame } from '../claim.js';
import type { Stage } from '../stage.js';
import { requestAccess, signAll } from './grants.js';
import { verifyGreen } from './verifying.js';

const sessions = ['load-1', 'load-2', 'load-3', 'load-4', 'load-5', 'load-6'];
const postsASession = 10;
const recordsAPost = 5;
const recordsASession = postsASession * recordsAPost;
const begun = Date.UTC(2026, 0, 1);

/** How many records of each session the service acknowledged. */
type Acknowledged = Map<string, number>;

export async function crash(stage: Stage): Promise<number> {
  const { step, service, ask } = stage;
  const total = sessions.length * recordsASession;
  const acknowledged = await step('The service is killed while a source is writing', async () => {
    const counts = await writeUntilKilled(stage, total / 2);
    const sum = sumOf(counts);
    claim(sum >= total / 2 && sum < total, 'it died in the middle');
    return [`SIGKILL after ${sum} of ${total} records were acknowledged`, counts];
  });

  await step('Started again on the same folder, it has every acknowledged record exactly once', async () => {
    await service.start();
    let stored = 0;
    let resent = 0;
    for (const session of sessions) {
      const before = await recordsOf(stage, session);
      const known = acknowledged.get(session) ?? 0;
      claim(before >= known, 'no acknowledged record is lost');
      claim(before <= known + recordsAPost, 'nothing is there but what was sent');
      const answer = JSON.parse(
        (await ask('source', 'POST', '/v1/records', post(session, 0, recordsASession))).text,
      ) as {
        accepted: number;
        duplicate: number;
      };
      claimSame([answer.duplicate, answer.accepted], [before, recordsASession - before], 'duplicate and accepted');
      claimSame(await recordsOf(stage, session), recordsASession, 'records in the end');
      stored += before;
      resent += answer.accepted;
    }
    return [`${stored} were there, ${resent} more once everything was sent again: ${total} in all`, undefined];
  });

  await step('Read back, every record is there once, in order, with its own content', async () => {
    const wanted = { sessions, field: 'prompt', purpose: 'Check what a crash left of the records' };
    const grant = await signAll(stage.custos, await requestAccess(stage.custos, wanted));
    for (const session of sessions) {
      const lines = linesOf<{ kind: string; sequence: number; fields: unknown }>(
        await ask('researcher', 'POST', `/v1/grants/${grant}/disclosures`, { session }),
      ).filter(({ kind }) => kind === 'record');
      claimSame(
        lines.map(({ sequence }) => sequence),
        Array.from({ length: recordsASession }, (_, sequence) => sequence),
        'sequence numbers',
      );
      const own = lines.every(({ sequence, fields }) => JSON.stringify(fields).includes(contentOf(session, sequence)));
      claim(own, 'every record has its own content');
    }
    return [`${total} records of ${sessions.length} sessions`, undefined];
  });
  await verifyGreen(stage, 'The log verifies after the crash');
  return total;
}

/** Every session has a source of its own, which sends its posts one after the other. */
async function writeUntilKilled({ service, ask }: Stage, killAfter: number): Promise<Acknowledged> {
  const acknowledged: Acknowledged = new Map();
  let killed: Promise<void> | undefined;
  const write = async (session: string) => {
    for (let first = 0; first < recordsASession; first += recordsAPost) {
      const answer = await ask('source', 'POST', '/v1/records', post(session, first, recordsAPost)).catch((error) => {
        if (killed === undefined) throw error;
      });
      if (answer === undefined) return;
      claimSame(answer.status, 200, 'status of a post');
      acknowledged.set(session, first + recordsAPost);
      if (sumOf(acknowledged) >= killAfter) killed ??= service.kill();
    }
  };
  await Promise.all(sessions.map(write));
  await claimFound(killed, 'the kill');
  return acknowledged;
}

async function recordsOf({ ask }: Stage, session: string): Promise<number> {
  const answer = await ask('auditor', 'GET', `/v1/sessions/${session}`);
  if (answer.status === 404) return 0;
  claimSame(answer.status, 200, 'status of a look at the session');
  return (JSON.parse(answer.text) as { records: number }).records;
}

const contentOf = (session: string, sequence: number) => `line ${sequence} of ${session}.`;

const post = (session: string, first: number, count: number) => ({
  session,
  subject: 'eve',
  format: 'messages',
  first,
  records: Array.from({ length: count }, (_, index) => ({
    time: begun + first + index,
    data: { role: 'user', content: contentOf(session, first + index) },
  })),
});

const sumOf = (counts: Acknowledged) => [...counts.values()].reduce((sum, count) => sum + count, 0);
