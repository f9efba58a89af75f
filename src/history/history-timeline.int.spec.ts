import { freshCommand, researcher, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import type { FieldName } from '../log/fields.js';
import type { GrantId, PersonId, SessionId, SubjectId } from '../log/ids.js';
import { writeCommand } from '../log/write-command.js';
import { HistoryTimeline, HistoryTimelineHandler } from './history-timeline.js';
import { mermaidOf, type TimelineOf } from './timeline.js';

let vault: VaultInProcess;
beforeEach(async () => {
  vault = await VaultInProcess.start();
});
afterEach(() => vault.stop());

const timeline = async (asked: TimelineOf) =>
  (await new HistoryTimelineHandler(vault.log).execute(new HistoryTimeline(asked))).entries;

it('a timeline goes from the request to the revocation, says what follows from what, and leaves out all else', async () => {
  await vault.ingest('one', 's1', typedRecords(3));
  await vault.ingest('two', 's2', typedRecords(3));
  const p = vault.log.size;
  const grant: GrantId = await vault.grant('one', ['typed']);
  await vault.read(await vault.grant('two', ['typed']), 'two');
  const q = vault.log.size;
  await vault.read(grant, 'one');
  await vault.revoke(grant);
  const thread = [
    { position: p, type: 'request.made', by: researcher, request: grant },
    { position: p + 1, type: 'request.approved', from: p },
    { position: p + 2, type: 'request.approved', from: p },
    { position: q, type: 'disclosure.made', from: p + 2, subject: 's1' },
    { position: q + 1, type: 'disclosure.completed', from: q, request: grant },
    { position: q + 2, type: 'grant.revoked', from: p + 2, by: 'ada' },
  ];
  const about = await timeline({ grant });
  expect(about).toMatchObject(thread);
  expect(about).toHaveLength(6);
  for (const asked of [{ session: 'one' as SessionId }, { subject: 's1' as SubjectId }]) {
    const found = await timeline(asked);
    expect(found.filter(({ position }) => position >= p)).toEqual(about);
    expect(found.map(({ type }) => type)).toContain('session.opened');
    expect(found.map(({ type }) => type)).not.toContain('session.batch');
  }
  expect((await timeline({ person: researcher })).filter(({ request }) => request === grant)).toEqual(about);
  expect(await timeline({ person: 'nobody' as PersonId })).toEqual([]);
  const chart = mermaidOf(about);
  expect(chart).toContain(`  e${q}["${q} disclosure.made by researcher"]`);
  expect(chart).toContain(`  e${q} --> e${q + 1}`);
});

it('a release under no grant that there was is told with its end as well', async () => {
  await vault.ingest('one', 's1', typedRecords(3));
  const position = vault.log.size;
  const stream = `disclosure/${position}`;
  const grant = '00000000-0000-4000-8000-000000000009' as GrantId;
  const asked = { grant, session: 'one' as SessionId, fields: ['typed'] as FieldName[], versions: 9, records: 3 };
  await vault.log.append(writeCommand(freshCommand(), researcher, 'forged'), () => ({
    entries: [
      { type: 'disclosure.made', stream: 'request/none', data: asked },
      { type: 'disclosure.completed', stream, data: { disclosure: position, records: 3, outcome: 'delivered' } },
    ],
    answer: null,
  }));
  const found = await timeline({ session: 'one' as SessionId });
  expect(found.slice(-2)).toMatchObject([
    { position, type: 'disclosure.made' },
    { type: 'disclosure.completed', from: position },
  ]);
});
