import { randomUUID } from 'node:crypto';
import { scopeHash } from '../../src/access/scope.js';
import type { EntryOf } from '../../src/log/header.js';
import type { GrantId, RequestId } from '../../src/log/ids.js';
import { typedRecords, VaultInProcess } from '../vault-in-process.js';
import { AppInProcess } from './app-in-process.js';
import { StolenService } from './stolen-service.js';

/**
 * Nobody can ask for everything, or for what is not there yet, and nobody can sign it: there is no writing for it. What a
 * service that was taken over writes instead, with approvers who sign what they are shown, is no request to anybody else.
 */
let vault: VaultInProcess;
let app: AppInProcess;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  app = await AppInProcess.start(vault);
  await vault.ingest('one', 's1', typedRecords(10));
});
afterEach(async () => {
  await app.close();
  await vault.stop();
});

const asked = (differing: object) => ({
  fields: ['typed'],
  sessions: ['one'],
  from: 0,
  to: Date.UTC(2100, 0, 1),
  purpose: 'to see that it works',
  durationSeconds: 3600,
  budget: { records: 10, disclosures: 1 },
  ...differing,
});

it('asked for over HTTP it is bad input, and no request', async () => {
  const authorization = `Bearer ${await vault.issuer.tokenOf('researcher', 'researcher')}`;
  const ask = (body: unknown) => app.ask({ path: '/v1/requests', headers: { authorization }, body });
  const before = vault.log.size;
  for (const one of ['*', '%', '.*', 'on*', '', ' ', '**', 'one,two', '../one', 'one\u0000', null, true, {}, []]) {
    for (const differing of [
      { sessions: [one] },
      { sessions: ['one', one] },
      { subjects: [one] },
      { fields: [one] },
      { fields: ['typed', one] },
      { sessions: one },
      { fields: one },
      { from: one },
      { to: one },
      { budget: one },
      { budget: { records: one, disclosures: 1 } },
      { durationSeconds: one },
    ]) {
      expect([differing, await ask(asked(differing))]).toEqual([
        differing,
        expect.objectContaining({ status: 422, code: 'input_invalid' }),
      ]);
    }
  }
  expect(vault.log.size).toBe(before);
  expect((await ask(asked({}))).status).toBe(201);
});

it('a subject’s sessions are those that there are: what is recorded later is not in it', async () => {
  const authorization = `Bearer ${await vault.issuer.tokenOf('researcher', 'researcher')}`;
  const body = asked({ sessions: [], subjects: ['s1'], budget: { records: 100, disclosures: 5 } });
  const { text } = await app.ask({ path: '/v1/requests', headers: { authorization }, body });
  await vault.ingest('later', 's1', typedRecords(10));
  const made = JSON.parse(text) as { request: RequestId; scopeHash: string };
  for (const name of ['ada', 'bob']) await vault.approve(made.request, await vault.approvalOf(made, name), name);
  const grant = made.request as string as GrantId;
  expect((await vault.read(grant, 'one')).records).toHaveLength(10);
  await expect(vault.read(grant, 'later')).rejects.toMatchObject({ members: { rules: ['session_not_granted'] } });
});

const everything = { session: '*', subject: '*' };
it.each<[string, object]>([
  ['every session', { sessions: [everything] }],
  ['every session beside one', { sessions: [everything, { session: 'one', subject: 's1' }] }],
  ['no session, which might mean all', { sessions: [] }],
  ['every field', { fields: ['*'] }],
  ['no field', { fields: [] }],
  ['all of time and beyond', { to: Number.MAX_SAFE_INTEGER }],
  ['for ever', { durationSeconds: 10 ** 9 }],
  ['as much as there is', { budget: { records: 10 ** 12, disclosures: 10 ** 12 } }],
  ['more than it says', { everything: true }],
])('written and signed all the same, for %s, it opens nothing', async (_what, differing) => {
  const stolen = new StolenService(vault);
  const shown = await vault.request(['one'], ['typed']);
  const [made] = (await vault.log.reader.stream(`request/${shown.request}`)) as [EntryOf<'request.made'>];
  const request = randomUUID() as RequestId;
  const grant = request as string as GrantId;
  const scope = { ...made.data.scope, ...differing };
  const hash = scopeHash(scope);
  await stolen.writes([
    { type: 'request.made', stream: `request/${request}`, data: { ...made.data, request, scope, scopeHash: hash } },
  ]);
  const said = { request, scopeHash: Buffer.from(hash).toString('hex') };
  for (const name of ['ada', 'bob', 'cyd']) await stolen.approves(request, await vault.approvalOf(said, name));
  await expect(stolen.reads({ grant, session: 'one', subject: 's1' })).rejects.toMatchObject({
    code: 'keyholder_refused',
  });
  await expect(vault.read(grant, 'one')).rejects.toMatchObject({ members: { rules: ['grant_unknown'] } });
});

it('written and signed like that for what was shown, it opens just that', async () => {
  const stolen = new StolenService(vault);
  const shown = await vault.request(['one'], ['typed']);
  for (const name of ['ada', 'bob']) await stolen.approves(shown.request, await vault.approvalOf(shown, name));
  const grant = shown.request as string as GrantId;
  expect(await stolen.reads({ grant, session: 'one', subject: 's1' })).toBe(10);
});
