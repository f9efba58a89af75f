import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trustText } from '../history/bundle/material.js';
import { assuranceHash } from '../capture/programme.js';
import { actHash, type Act } from '../identity/act.js';
import { newSigningKeyFile } from '../identity/signing-key.js';
import { encodeHeader, type Entry } from '../log/header.js';
import type { PersonId } from '../log/ids.js';
import { formatReceipt } from '../log/receipt.js';
import { AppendedLeaves } from '../merkle/appended-leaves.js';
import { signCheckpoint } from '../merkle/checkpoint.js';
import { emptyFrontier } from '../merkle/frontier.js';
import { leafHash } from '../merkle/hash.js';
import { sodiumReady } from '../sealing/sodium.js';
import { ed25519Signer, formatVerifierKey } from '../merkle/note.js';
import { commands } from './commands.js';
import { run } from './program.js';

/** A service that says what it likes, in the form of an answer or not. What stands in `answers` is by its path. */
let server: Server;
let answers: Record<string, unknown>;
/** Method and address of every request, in order. */
let asked: string[];
let out: string;
let err: string;

beforeEach(async () => {
  answers = {};
  [out, err] = ['', ''];
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const answer = answers[(request.url as string).split('?')[0] as string];
    response.writeHead(answer === undefined ? 404 : 200);
    if (typeof answer === 'function') return void answer(response);
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env['CUSTOS_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
});
afterEach(async () => {
  jest.restoreAllMocks();
  delete process.env['CUSTOS_URL'];
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Whose key nobody knows. */
const log = ed25519Signer('custos.example/test', new Uint8Array(32).fill(1));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-cli-'));
  const trust = {
    ...{ origin: log.name, log: formatVerifierKey(log.name, log.publicKey), keyholder: new Uint8Array(32).fill(3) },
    ...{ keys: new Map(), sources: new Map(), quorum: { ordinary: 2, large: 3 } },
  };
  await writeFile(join(folder, 'trust.json'), trustText(trust));
});
afterAll(() => rm(folder, { recursive: true }));

/** As somebody who has a key, and is not asked again. */
const signing = async (...args: string[]) => {
  const file = join(folder, 'ola.key.json');
  await sodiumReady();
  await writeFile(file, newSigningKeyFile('ola' as PersonId));
  const { root } = new AppendedLeaves(emptyFrontier, [new Uint8Array(32)]);
  answers['/v1/log/checkpoint'] = signCheckpoint({ origin: log.name, size: 1, root }, log);
  return custos(...args, '--key', file, '--data', folder, '--json');
};

const custos = (...args: string[]) => run(args, commands);

describe('the exit code is not 0', () => {
  it('where a table was not what the log gives', async () => {
    const differs = { projection: 'releases', position: 7, stopped: null, differences: [4] };
    answers['/v1/history/replay'] = { ok: false, projections: [differs] };
    expect(await custos('history', 'replay', '--check')).toBe(1);
    expect(out).toContain('differs at 4');
  });
});

describe('entries of the log that break off', () => {
  it('are not all, and the exit code says so', async () => {
    const entry = `${JSON.stringify({ position: 0, type: 'log.opened' })}\n`;
    answers['/v1/log/entries'] = (response: ServerResponse) => {
      response.write(entry, () => response.destroy());
    };
    expect(await custos('log', 'tail', '--from', '0', '--limit', '2')).toBe(2);
    answers['/v1/log/entries'] = entry;
    expect(await custos('log', 'tail', '--from', '0', '--limit', '2')).toBe(0);
  });
});

/** Of the title of a problem, which is our own, where colors are on: in CI they are. */
// eslint-disable-next-line no-control-regex -- exactly these
const ourRed = /\x1b\[(31|39)m/g;
describe('what a service says commands no terminal', () => {
  /** Renames the window, with its two bytes and with its one; then a line that is none of ours. */
  const evil = '\u001b]0;gone\u0007\u009b2J\u202e';
  const page = { position: evil, at: evil, checkpoint: evil };
  const timeline = { entries: [{ position: evil, at: evil, type: evil, by: evil, subject: evil, request: evil, from: evil }] }; // prettier-ignore
  const act = { act: 'one', kind: evil, body: { [evil]: evil }, signatures: [{ person: evil }], [evil]: evil, proposer: evil }; // prettier-ignore
  it.each<[string, string[], unknown]>([
    ['/v1/requests', ['request', 'create', '--session', 's', '--from', '1', '--to', '2', '--field', 'kind', '--purpose', 'x', '--records', '1', '--disclosures', '1', '--for', '1h'], { request: evil, scopeHash: evil, preview: { records: evil, subjects: evil, sessions: evil, classes: [evil] }, needed: evil, expired: [{ session: evil, field: evil, records: evil, position: evil }] }],
    ['/v1/programme', ['programme', 'status'], { [evil]: evil }],
    ['/v1/acts/one', ['act', 'show', 'one'], act],
    ['/v1/incidents/one', ['incident', 'show', 'one'], { incident: evil, title: evil, from: evil, to: evil, position: evil, by: evil, notes: [], closed: { position: evil, by: evil, decision: evil } }],
    ['/v1/assurance', ['assurance'], { ok: true, since: evil, position: evil, items: [] }],
    ['/v1/notices', ['notices'], { notices: [], more: true, next: evil }],
    ['/v1/history/releases', ['history', 'releases'], { releases: [], position: evil, stopped: evil, next: evil }],
    ['/v1/history/timeline', ['history', 'timeline', '--session', 's'], timeline],
    ['/v1/history/timeline', ['history', 'timeline', '--session', 's', '--mermaid'], timeline],
    ['/v1/history/timeline', ['history', 'timeline', '--session', 's', '--svg'], timeline],
    ['/v1/history/exposure', ['history', 'exposure', '0', '1'], { from: page, to: page, ifPolicy: evil, summary: { could: {}, did: {}, persons: [] }, rows: [], next: evil }],
    ['/v1/retention/sweeps', ['retention', 'sweep', '--yes'], { expired: [{ field: evil, before: evil, position: evil }], deleted: evil }],
    ['/v1/containments', ['contain'], `${JSON.stringify({ kind: 'open', person: evil, fields: [evil], session: evil, grant: evil })}\n`],
    ['/v1/nothing', ['session', 'show', 'x'], undefined],
  ])('%s, asked by %j', async (path, args, answer) => {
    answers[path] = answer;
    const code = await custos(...args, '--data', folder);
    // eslint-disable-next-line no-control-regex -- exactly these
    expect((out + err).replaceAll(ourRed, '')).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
    if (code === 0) expect(out).toContain('gone');
  }); // prettier-ignore
});

describe('a containment is not believed', () => {
  const containment = '00000000-0000-4000-8000-000000000003';
  const since = Date.parse('2026-01-31T09:00:00Z');
  const receiptOf = (data: object) => {
    const header = encodeHeader({
      ...{ position: 0, id: new Uint8Array(16), stream: 'x', version: 0, at: 5, actor: 'ola', columns: [] },
      ...{ type: 'containment.reported', data: { containment, probed: 3, open: 0, named: [], ...data } },
    } as unknown as Entry);
    const { root } = new AppendedLeaves(emptyFrontier, [leafHash(header)]);
    return formatReceipt({ index: 0, proof: [], checkpoint: signCheckpoint({ origin: log.name, size: 1, root }, log), header }); // prettier-ignore
  };

  it.each([
    ['of an earlier time', { since: since - 1, only: { field: 'typed' } }],
    ['of one person alone', { since, only: { field: 'typed', person: 'bob' } }],
    ['of another field', { since, only: { field: 'url' } }],
    ['that says nothing of what was tried', { since }],
  ])('by a report %s', async (_what, data) => {
    for (const [of, code] of [
      [data, 1],
      [{ since, only: { field: 'typed' } }, 0],
    ] as const) {
      // prettier-ignore
      answers['/v1/containments'] = `${JSON.stringify({ kind: 'report', receipts: [receiptOf(of)] })}\n`;
      const args = ['--since', '2026-01-31T09:00:00Z', '--field', 'typed', '--data', folder];
      expect(await custos('contain', ...args)).toBe(code);
      expect(out.includes('0 of 3 can open')).toBe(code === 0);
    }
  });
});

describe('nothing is signed', () => {
  const id = '00000000-0000-4000-8000-000000000001';
  const grant = '00000000-0000-4000-8000-000000000002';
  const review = { kind: 'break-glass.review', body: { grant, finding: 'it was needed' } };
  const shown = (act: Act) => ({ act: id, ...act, actHash: Buffer.from(actHash(act)).toString('hex'), signatures: [], proposer: 'pia' }); // prettier-ignore
  const signed = `POST /v1/acts/${id}/signatures`;

  it.each([
    ['another act than a review', { kind: 'key.enrol', body: { grant, person: 'eve' } }],
    ['the review of another break-glass', { ...review, body: { ...review.body, grant: id } }],
  ])('where a review is asked for and %s is shown', async (_what, act) => {
    answers['/v1/acts'] = { acts: [{ act: id, ...review }] };
    for (const [one, code] of [
      [act, 1],
      [review, 0],
    ] as const) {
      // prettier-ignore
      answers[`/v1/acts/${id}`] = shown(one);
      answers[`/v1/acts/${id}/signatures`] = { act: id, signatures: 1, needed: 2 };
      expect(await signing('review', grant)).toBe(code);
      expect(asked.includes(signed)).toBe(code === 0);
    }
  });

  it('of a report of assurance that is not the one that was shown', async () => {
    const report = { size: 9, since: 0, ok: true, items: [] };
    answers['/v1/programme'] = { status: 'paused', since: 5 };
    answers['/v1/acts'] = { act: id, signatures: 1, needed: 2 };
    for (const [since, code] of [
      [8, 1],
      [0, 0],
    ] as const) {
      // prettier-ignore
      answers['/v1/assurance'] = { ...report, position: 7, hash: assuranceHash({ ...report, since }) };
      expect(await signing('programme', 'resume')).toBe(code);
      expect(asked.includes('POST /v1/acts')).toBe(code === 0);
    }
  });

  it('where a policy is asked for and another act is shown', async () => {
    answers[`/v1/acts/${id}`] = shown({ kind: 'key.enrol', body: { person: 'eve' } });
    expect(await signing('policy', 'sign', id)).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ code: 'not_verified', problems: [{ check: 'act_kind' }] });
    expect(asked).not.toContain(signed);
  });
});
