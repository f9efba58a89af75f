import { writeFile } from 'node:fs/promises';
import { zipSync } from 'fflate';
import { policyWith } from '../../src/access/given-policy.spec.js';
import { searchText } from '../../src/demo/canary-search.js';
import { governanceSlices } from '../../src/governance.js';
import type { Trust } from '../../src/identity/trust.js';
import { Governance } from '../../src/log/governance.js';
import type { IncidentId, PersonId } from '../../src/log/ids.js';
import { encodeEntryBundle, decodeEntryBundle } from '../../src/merkle/entry-bundle.js';
import { ed25519Signer, formatVerifierKey } from '../../src/merkle/note.js';
import { signCheckpoint } from '../../src/merkle/checkpoint.js';
import { freshCommand, origin, typedRecords, VaultInProcess } from '../vault-in-process.js';
import { HistoryExposure, HistoryExposureHandler } from '../../src/history/history-exposure.js';
import { HistoryDiff, HistoryDiffHandler } from '../../src/history/history-diff.js';
import { CloseIncident, CloseIncidentHandler, NoteIncident, NoteIncidentHandler, OpenIncident, OpenIncidentHandler } from '../../src/history/incident-commands.js'; // prettier-ignore
import { packArchive, unpackArchive, type BundleFile } from '../../src/history/bundle/archive.js';
import { GatherMaterial, GatherMaterialHandler } from '../../src/history/bundle/gather-material.js';
import { mostBundleEntries, trustText } from '../../src/history/bundle/material.js';
import { completeBundle, verifyBundle, type ReaderTrusts } from '../../src/history/bundle/verify-bundle.js';

/** Whoever is handed a bundle can tell whether it is the one that the log gives: whatever is changed in it is found. */
const canary = 'canary-bundle-7a31';
let vault: VaultInProcess;
let incident: IncidentId;
let from: number;
let closedAt: number;
let archive: Uint8Array;
/** Of the same incident, before anything was noted. */
let early: Uint8Array;

const gather = (size: number, wholeLog = false, of = incident) =>
  new GatherMaterialHandler(vault.log, vault.trust).execute(new GatherMaterial({ incident: of, size, wholeLog }));
const complete = async (size: number, wholeLog = false, of = incident) =>
  completeBundle(await gather(size, wholeLog, of), { trust: vault.trust }, empty);
const make = async (...asked: Parameters<typeof complete>) => (await complete(...asked)).bundle as Uint8Array;
const empty = (trust: Trust) => Governance.empty(governanceSlices(trust));
const verify = (bytes: Uint8Array, reader: ReaderTrusts = { trust: vault.trust }) => verifyBundle(bytes, reader, empty);
const officer = 'ola' as PersonId;

beforeAll(async () => {
  vault = await VaultInProcess.start();
  // What was before: entries that govern, and many that do not.
  for (const session of ['old-1', 'old-2', 'old-3']) await vault.ingest(session, 's1', typedRecords(3, canary));
  const oldGrant = await vault.grant('old-1', ['typed']);
  await vault.read(oldGrant, 'old-1');
  const probed = await vault.contain();
  await vault.consent('s9', 'given');
  from = (await vault.log.reader.head()).size;
  // What is in question.
  await vault.changePolicy((policy) => (policy.requestOpenSeconds = 3600));
  await vault.ingest('new', 's2', typedRecords(4, canary));
  const late = await vault.grant('new', ['typed', 'pointer']);
  await vault.read(late, 'new');
  await vault.read(oldGrant, 'old-1');
  const to = (await vault.log.reader.head()).size;
  // What was done about it.
  const opened = await new OpenIncidentHandler(vault.log).execute(
    new OpenIncident(freshCommand(), officer, { title: '<b>A leak</b>', reason: 'somebody could read', from, to }),
  );
  incident = opened.incident;
  early = await make(opened.position + 1);
  await vault.lock({ kind: 'all' });
  const report = await vault.contain();
  const about = [probed.position, report.position];
  const note = { incident, kind: 'finding' as const, text: 'nobody can any more', about };
  await new NoteIncidentHandler(vault.log).execute(new NoteIncident(freshCommand(), officer, note));
  const closing = { incident, decision: 'all of them are told' };
  const closed = await new CloseIncidentHandler(vault.log).execute(new CloseIncident(freshCommand(), officer, closing));
  closedAt = closed.position + 1;
  archive = await make(closedAt);
  // Of another format: test/bundle-format.unit.spec.ts says when.
  if (process.env['CUSTOS_WRITE_BUNDLE'] === '1') await writeFile('test/vectors/bundle.v1.zip', archive);
});
afterAll(() => vault.stop());

const filesOf = (bytes: Uint8Array) => unpackArchive(bytes) as BundleFile[];
const jsonIn = (bytes: Uint8Array, name: string) =>
  JSON.parse(Buffer.from(filesOf(bytes).find((file) => file.name === name)?.bytes ?? []).toString());

describe('a bundle', () => {
  it('verifies with the trust file, with the log key alone, and with nothing', () => {
    const about = { origin, incident, size: closedAt, completeFrom: from - 1, logKey: vault.trust.log };
    for (const reader of [{ trust: vault.trust }, { logKey: vault.trust.log }, {}])
      expect(verify(archive, reader)).toMatchObject({ ok: true, problems: [], findings: [], about });
  });

  it('is the same bytes, whenever it is asked and whatever came after', async () => {
    await vault.ingest('later', 's3', typedRecords(2));
    expect(Buffer.compare(await make(closedAt), archive)).toBe(0);
    const openedAt = jsonIn(early, 'incident.json').position as number;
    expect(Buffer.compare(await make(openedAt + 1), early)).toBe(0);
    expect(verify(await make((await vault.log.reader.head()).size)).ok).toBe(true);
  });

  it('has the reports that the history routes answer', async () => {
    const { from: first, to } = jsonIn(archive, 'exposure.json') as Record<'from' | 'to', { position: number }>;
    const [span, all] = [
      { from: first.position, to: to.position },
      { after: 0, limit: 1000 },
    ];
    const asked = await new HistoryExposureHandler(vault.log).execute(new HistoryExposure(span, {}, all, undefined));
    expect(jsonIn(archive, 'exposure.json')).toMatchObject({ summary: asked.summary, rows: asked.rows });
    expect(asked.summary).toMatchObject({ did: { persons: 1, subjects: 2, notAllowed: 0 }, could: { subjects: 2 } });
    const diff = await new HistoryDiffHandler(vault.log).execute(new HistoryDiff(span.from, span.to));
    expect(jsonIn(archive, 'diff.json')).toMatchObject(
      JSON.parse(JSON.stringify({ changes: diff.changes, gains: diff.gains })) as object,
    );
    expect(jsonIn(archive, 'policies.json')).toMatchObject([{ since: from }, { policy: { requestOpenSeconds: 3600 } }]);
    expect(jsonIn(archive, 'incident.json')).toMatchObject({
      notes: [{ kind: 'finding' }],
      about: [{ type: 'containment.reported', says: { open: 1 } }, { says: { open: 0, probed: 3 } }],
      closed: { decision: 'all of them are told' },
    });
  });

  it('holds nothing that was captured', () => {
    for (const { name, bytes } of filesOf(archive)) {
      expect({ name, found: searchText(Buffer.from(bytes).toString('latin1'), canary) }).toEqual({ name, found: [] });
    }
    // The search finds it where it is.
    expect(searchText(JSON.stringify(typedRecords(1, canary)), canary)).toEqual(['raw']);
  });

  it('has a page that loads nothing, runs nothing, and shows what people wrote as they wrote it', () => {
    const html = Buffer.from(filesOf(archive).find(({ name }) => name === 'report.html')?.bytes ?? []).toString();
    expect(html).toContain("content=\"default-src 'none'; style-src 'sha256-");
    expect(html).toContain('<h1>&lt;b&gt;A leak&lt;/b&gt;</h1>');
    expect(html).not.toMatch(/<script|<link|<img|<iframe|<b>|https?:|\son\w+=/);
  });

  it('of the whole log rests on nothing but the key of the log', async () => {
    const whole = await make(closedAt, true);
    expect(verify(whole)).toMatchObject({ ok: true, entries: closedAt, about: { completeFrom: 0 } });
    const same = (name: string) => expect(jsonIn(whole, name)).toEqual(jsonIn(archive, name));
    ['exposure.json', 'diff.json', 'timeline.json', 'policies.json', 'incident.json'].forEach(same);
  });

  it('tells what the log shows that should not be, and verifies all the same', async () => {
    const policy = policyWith((one) => (one.version = 9));
    const { policyHash: replaces } = { policyHash: '00'.repeat(32) };
    await vault.forcedAct({ kind: 'policy.change', body: { policy, replaces, beyondCeilings: false, reason: 'a forced change' } }, ['ola', 'pia']); // prettier-ignore
    const verdict = verify(await make((await vault.log.reader.head()).size));
    expect(verdict).toMatchObject({ ok: true, findings: [{ check: 'act_invalid' }] });
  });
});

describe('no bundle is made', () => {
  it('of an incident that there is not, before it was opened, or of more than the log has', async () => {
    const none = '00000000-0000-4000-8000-000000000000' as IncidentId;
    await expect(make(closedAt, false, none)).rejects.toMatchObject({ code: 'incident_unknown' });
    await expect(make(from)).rejects.toMatchObject({ code: 'moments_reversed' });
    await expect(make(1_000_000)).rejects.toMatchObject({ code: 'position_unknown' });
  });

  it('of rows that are not what was signed', async () => {
    const { rows } = await vault.asIntruder('SELECT header FROM log.entry WHERE position = $1', [from + 3]);
    const { header } = rows[0] as { header: Buffer };
    const forged = Buffer.from(header);
    forged[forged.indexOf('actor') + 7] = 0x7a;
    await vault.asIntruder('UPDATE log.entry SET header = $2 WHERE position = $1', [from + 3, forged]);
    const { verdict, bundle } = await complete(closedAt);
    expect({ bundle, problems: verdict.problems }).toEqual({ bundle: undefined, problems: [{ position: expect.any(Number), check: 'root_differs' }] }); // prettier-ignore
    await vault.asIntruder('UPDATE log.entry SET header = $2 WHERE position = $1', [from + 3, header]);
    expect(Buffer.compare(await make(closedAt), archive)).toBe(0);
  });
});

describe('what somebody changed is found by its own check:', () => {
  type Change = (files: BundleFile[]) => BundleFile[];
  const changed =
    (name: string, how: (bytes: Uint8Array) => Uint8Array): Change =>
    (files) =>
      files.map((file) => (file.name === name ? { name, bytes: how(file.bytes) } : file));
  const said =
    (name: string, how: (content: string) => string): Change =>
    (files) =>
      changed(name, (bytes) => Buffer.from(how(Buffer.from(bytes).toString())))(files);
  const entries = (how: (headers: Uint8Array[]) => Uint8Array[]): Change =>
    changed('log/entries', (bytes) =>
      encodeEntryBundle(how(decodeEntryBundle(bytes, mostBundleEntries)), mostBundleEntries),
    );
  const member = (name: string, value: unknown): Change =>
    said('manifest.json', (content) => JSON.stringify({ ...(JSON.parse(content) as object), [name]: value }));
  const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
  const lastLetter = (content: string) => `${content.slice(0, -3)}#${content.slice(-2)}`;
  const without =
    (name: string): Change =>
    (files) =>
      files.filter((file) => file.name !== name);
  const stranger = ed25519Signer(origin, new Uint8Array(32).fill(9));
  const strangers = formatVerifierKey(origin, stranger.publicKey);
  const forgedNote = (content: string) => {
    const [, size, root] = content.split('\n') as [string, string, string];
    return signCheckpoint({ origin, size: Number(size), root: Buffer.from(root, 'base64') }, stranger);
  };
  const nameOf = (files: BundleFile[], index: number) =>
    files.filter(({ name }) => name.startsWith('log/checkpoints/')).at(index)?.name as string;
  const lastCheckpoint: Change = (files) => said(nameOf(files, -1), forgedNote)(files);

  const cases: readonly (readonly [what: string, how: Change, check: string])[] = [
    ['the README', said('README.txt', lastLetter), 'readme_differs'],
    ['the page', said('report.html', (page) => page.replace('A leak', 'No leak')), 'html_differs'],
    ['what was written', said('incident.json', (json) => json.replace('nobody', 'anybody')), 'incident_differs'],
    ['who read', said('exposure.json', (json) => json.replace('"researcher"', '"somebody"')), 'exposure_differs'],
    ['what changed', said('diff.json', (json) => json.replace('ola', 'pia')), 'diff_differs'],
    ['the timeline', said('timeline.json', (json) => json.replace('lock.set', 'lock.get')), 'timeline_differs'],
    ['a policy', said('policies.json', (json) => json.replace('3600', '3601')), 'policies_differ'],
    ['the decoded entries', said('entries.ndjson', (json) => json.replace('ola', 'pia')), 'entries_text_differs'],
    ['a hash in the manifest', said('manifest.json', (json) => json.replace(/"sha256": "./, '"sha256": "g')), 'manifest_differs'],
    ['the incident that is named', member('incident', '00000000-0000-4000-8000-000000000000'), 'entries_insufficient'],
    ['the format', member('format', 'custos.bundle/v2'), 'manifest_form'],
    ['a byte of an entry', entries((headers) => headers.with(-4, flipped(headers.at(-4) as Uint8Array, 20))), 'root_differs'],
    ['the form of an entry', entries((headers) => headers.with(-4, flipped(headers.at(-4) as Uint8Array, 0))), 'entry_form'],
    ['an entry, dropped', entries((headers) => headers.toSpliced(-4, 1)), 'entry_missing'],
    ['the last entry, dropped', entries((headers) => headers.slice(0, -1)), 'entry_missing'],
    ['an entry from before, dropped', entries((headers) => headers.slice(1)), 'root_differs'],
    ['two entries, swapped', entries((headers) => headers.with(-4, headers.at(-5) as Uint8Array).with(-5, headers.at(-4) as Uint8Array)), 'entry_missing'],
    ['an entry, twice', entries((headers) => headers.toSpliced(-4, 0, headers.at(-4) as Uint8Array)), 'entry_order'],
    ['where it is complete, and an entry dropped', (files) => member('completeFrom', from + 9)(entries((headers) => headers.filter((_one, index) => index !== headers.length - (closedAt - from) + 2))(files)), 'checkpoint_size'],
    ['the length of an entry', changed('log/entries', (bytes) => flipped(bytes, 0)), 'entries_form'],
    ['a hash of the tree', said('log/tree', (tree) => tree.replace(/[A-Za-z0-9+/](?=[A-Za-z0-9+/]{42}=)/, (one) => (one === 'A' ? 'B' : 'A'))), 'root_differs'],
    ['from where on it is complete', (files) => member('completeFrom', from + 2)(without(nameOf(files, 0))(files)), 'entries_insufficient'],
    ['a line of the tree, dropped', said('log/tree', (tree) => tree.slice(tree.indexOf('\n') + 1)), 'root_differs'],
    ['the form of the tree', said('log/tree', (tree) => `${tree} `), 'tree_form'],
    ['a checkpoint, signed by another', lastCheckpoint, 'checkpoint_signature'],
    ['a checkpoint under another size', (files) => files.map((file) => (file.name === nameOf(files, 0) ? { ...file, name: `log/checkpoints/${from + 1}` } : file)), 'checkpoint_size'],
    ['the last checkpoint, dropped', (files) => without(nameOf(files, -1))(files), 'checkpoint_form'],
    ['the log key, and the checkpoints with it', (files) => said('trust.json', (trust) => trust.replace(vault.trust.log, strangers))(lastCheckpoint(files)), 'log_key_differs'],
    ['whose signatures count', said('trust.json', (trust) => trust.replace('"person": "ada"', '"person": "eve"')), 'trust_differs'],
    ['the form of the trust file', said('trust.json', (trust) => `${trust}\n`), 'trust_form'],
    ['a file, dropped', without('diff.json'), 'file_missing'],
    ['the trust file, dropped', without('trust.json'), 'file_missing'],
    ['a file more', (files) => [...files, { name: 'more.txt', bytes: Buffer.from('more') }], 'file_unknown'],
  ]; // prettier-ignore

  it.each(cases)('%s', (_what, how, check) => {
    const after = packArchive(how(filesOf(archive)));
    expect(Buffer.compare(after, archive)).not.toBe(0);
    const { ok, problems } = verify(after);
    expect({ ok, checks: problems.map((problem) => problem.check) }).toEqual({ ok: false, checks: [check] });
  });

  it('a report of other entries', async () => {
    const other = filesOf(await make((await vault.log.reader.head()).size));
    const swapped = filesOf(archive).map((file) => (file.name === 'timeline.json' ? other.find(({ name }) => name === 'timeline.json') ?? file : file)); // prettier-ignore
    expect(verify(packArchive(swapped)).problems).toEqual([{ position: 0, check: 'timeline_differs' }]);
  });

  it('a trust file that only the reader can tell from the right one', () => {
    const forged = packArchive(said('trust.json', (trust) => trust.replace('"person": "ada"', '"person": "eve"'))(filesOf(archive))); // prettier-ignore
    // With the key of the log alone, the signatures of whoever is missing do not count, and the reports come out otherwise.
    expect(verify(forged, { logKey: vault.trust.log }).ok).toBe(false);
    const reader = { ...vault.trust, quorum: { ordinary: 3, large: 3 } };
    expect(verify(archive, { trust: reader }).problems).toEqual([{ position: 0, check: 'trust_differs' }]);
  });

  it('anything else that a zip can hold', () => {
    const files = Object.fromEntries(filesOf(archive).map(({ name, bytes }) => [name, bytes]));
    const [mtime, first] = [new Date(1980, 0, 1, 12), Object.keys(files)[0] as string];
    const others = {
      'a byte behind it': Buffer.concat([archive, Buffer.from([0])]),
      'a byte before it': Buffer.concat([Buffer.from([0]), archive]),
      'cut off': archive.slice(0, -1),
      'another time': zipSync(files, { level: 0, mtime: new Date(1981, 0, 1) }),
      compressed: zipSync(files, { level: 6, mtime }),
      'a comment': zipSync(
        { ...files, [first]: [files[first] as Uint8Array, { comment: 'hello' }] },
        { level: 0, mtime },
      ),
      nothing: new Uint8Array(),
      'no archive': Buffer.from('PK\u0003\u0004 but not one'),
    };
    for (const [what, bytes] of Object.entries(others))
      expect({ what, problems: verify(bytes).problems }).toEqual({
        what,
        problems: [{ position: 0, check: 'archive_form' }],
      });
    expect(Buffer.compare(zipSync(files, { level: 0, mtime }), archive)).toBe(0);
  });

  it('that it has its material alone', async () => {
    expect(verify(await gather(closedAt)).problems).toEqual([{ position: 0, check: 'file_missing' }]);
  });

  it('nothing, where nothing was changed', () => {
    expect(verify(packArchive(filesOf(archive))).ok).toBe(true);
    expect(trustText(vault.trust)).toContain(vault.trust.log);
  });
});
