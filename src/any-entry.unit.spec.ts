import fc from 'fast-check';
import { accessKey } from './access/access-state.js';
import { governanceSlices } from './governance.js';
import { givenTrust } from './given-trust.spec.js';
import { governs, type EntryType } from './log/entries.js';
import { Governance } from './log/governance.js';
import { decodeHeader, encodeHeader, type Entry } from './log/header.js';
import { sodiumReady } from './sealing/sodium.js';
import { bundleHtml } from './history/bundle/html.js';
import { bundleReadme } from './history/bundle/readme.js';
import { reportsOf } from './history/bundle/reports.js';
import { changeBy } from './history/change.js';
import { releases } from './history/projections/releases.js';
import { svgOf } from './history/timeline-svg.js';
import { mermaidOf, Timeline, type TimelineOf } from './history/timeline.js';
import type { GrantId, IncidentId, PersonId, SessionId, SubjectId } from './log/ids.js';

/**
 * Whoever stole the service can append a header that says anything, and it stays in the log for good. Whoever looks into
 * the past afterwards must have an answer all the same, with that entry in it.
 */
beforeAll(sodiumReady);

const empty = Governance.empty(governanceSlices(givenTrust));
const id = '00000000-0000-4000-8000-000000000000';
const incident = id as IncidentId;

const entryOf = (position: number, type: EntryType, data: object, at = 1000): Entry =>
  decodeHeader(
    encodeHeader({
      ...{ position, id: new Uint8Array(16), stream: 'any', version: position, at, columns: [] },
      ...{ actor: 'subject:s1', subject: 's1', type, data },
    } as unknown as Entry),
  );

const members =
  'keyId publicKey attestation consent until reason act kind body actHash expiresAt envelope field before policy request ' +
  'scope scopeHash policyHash preview grant lock target session fields versions records containment person rules size since ' +
  'ok items incident title from to text about decision tombstone certificate disclosure outcome officer probed open named ' +
  'purpose question position at by type notes closed';
const anything = fc.oneof(
  fc.constantFrom<unknown>(null, true, 1.5, -1, 'own', 's1', 'url', {}, [], [null], { length: 1 }, { toString: 1 }),
  fc.constant(id),
  fc.uint8Array({ maxLength: 64 }),
  fc.integer(),
  fc.string({ unit: 'grapheme' }),
);
const sayings = fc.dictionary(fc.constantFrom(...members.split(' ')), anything, { noNullPrototype: true, maxKeys: 50 });
/** With which nothing is wrong but what the saying has instead: with nothing right, it comes to no second look. */
const honest: Partial<Record<EntryType, object>> = {
  'disclosure.made': { grant: 'own', session: 'one', fields: ['url'], versions: 1, records: 1 },
  'disclosure.completed': { disclosure: 2, records: 1, outcome: 'delivered' },
  'request.made': { request: id, scope: { sessions: [{ session: 'one', subject: 's1' }] } },
  'incident.noted': { incident: id, kind: 'note', text: 'a note', about: [1] },
  'incident.closed': { incident: id, decision: 'it is over' },
  'assurance.reported': { size: 1, since: 0, ok: false, items: [] },
};
const times = fc.constantFrom(1000, 8.64e15, Number.MAX_SAFE_INTEGER);
const forged = (type: EntryType) =>
  fc
    .tuple(sayings, fc.boolean(), times)
    .map(([saying, isPartly, at]) => entryOf(3, type, isPartly ? { ...honest[type], ...saying } : saying, at));

const opened = { incident, title: 'A leak', reason: 'It was found', from: 1 };
const before = [
  entryOf(0, 'log.opened', { origin: givenTrust.origin }),
  entryOf(1, 'incident.opened', opened),
  entryOf(2, 'disclosure.made', honest['disclosure.made'] as object),
];
const stateBefore = before.reduce((state, entry) => (governs[entry.type] ? state.evolve(entry) : state), empty);
const asked: readonly TimelineOf[] = [
  { all: true },
  { session: 'one' as SessionId },
  { person: 'subject:s1' as PersonId },
  { grant: id as GrantId },
  { subject: 's1' as SubjectId },
];

describe.each(Object.keys(governs) as EntryType[])('an entry of the type %s that says anything', (type) => {
  it('has its place in timelines, changes and releases', () => {
    fc.assert(
      fc.property(forged(type), (entry) => {
        const after = governs[type] ? stateBefore.evolve(entry) : stateBefore;
        JSON.stringify(changeBy(stateBefore, entry, after));
        JSON.stringify(releases.changes(entry));
        for (const one of asked) {
          const timeline = new Timeline(one);
          for (const each of [...before, entry]) timeline.add(each, after.of(accessKey));
          mermaidOf(timeline.entries);
          svgOf(timeline.entries);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('does not stop the reports of an incident, though a note speaks of it', () => {
    fc.assert(
      fc.property(forged(type), (entry) => {
        const note = { incident, kind: 'note', text: 'what is this?', about: [3] };
        const entries = [...before, entry, entryOf(4, 'incident.noted', note, entry.at)];
        const reports = reportsOf(incident, entries, empty);
        const about = { origin: givenTrust.origin, logKey: givenTrust.log, trust: '', incident, size: 5, completeFrom: 0, entries: 5 }; // prettier-ignore
        expect(bundleHtml(about, reports)).toContain('<h1>A leak</h1>');
        expect(bundleReadme(about, reports)).toContain('A leak');
        JSON.stringify(reports);
      }),
      { numRuns: 100 },
    );
  });
});
