import { randomUUID } from 'node:crypto';
import { AppInProcess } from '../../test/threats/app-in-process.js';
import { freshCommand, researcher, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import type { GrantId, IncidentId } from '../log/ids.js';
import { writeCommand } from '../log/write-command.js';

/** What grows for ever is told a page at a time. */
let vault: VaultInProcess;
let app: AppInProcess;
let headers: Record<string, string>;
beforeAll(async () => {
  vault = await VaultInProcess.start();
  app = await AppInProcess.start(vault);
  headers = { authorization: `Bearer ${await vault.issuer.tokenOf('ola', 'officer')}` };
  await vault.ingest('one', 's1', typedRecords(3));
  for (let index = 0; index < 3; index += 1) {
    await vault.request(['one'], ['typed']);
    const { lock } = await vault.lock({ kind: 'grant', grant: randomUUID() as GrantId });
    await vault.act('lock.lift', { lock }, ['ola']);
    const data = { incident: randomUUID() as IncidentId, title: 'a leak', reason: 'as it was told', from: 0 };
    await vault.log.append(writeCommand(freshCommand(), researcher, data.incident), () => ({
      entries: [{ type: 'incident.opened', stream: `incident/${data.incident}`, data }],
      answer: null,
    }));
  }
});
afterAll(async () => {
  await app.close();
  await vault.stop();
});

describe.each([
  ['requests', 'request', '&state=open'],
  ['acts', 'act', '&state=open'],
  ['locks', 'lock', ''],
  ['incidents', 'incident', ''],
])('of the %s', (name, id, query) => {
  const get = async (asked: string) => {
    const { status, text } = await app.ask({ method: 'GET', path: `/v1/${name}?${asked}`, headers });
    const { [name]: items, next } = JSON.parse(text) as Record<string, unknown>;
    return { status, ids: (items as Record<string, string>[] | undefined)?.map((one) => one[id]), next };
  };

  it('one page follows on the other, until there is no more', async () => {
    const whole = await get(`limit=100${query}`);
    expect([whole.ids?.length, whole.next]).toEqual([3, null]);
    const first = await get(`limit=2${query}`);
    expect(first).toEqual({ status: 200, ids: whole.ids?.slice(0, 2), next: expect.any(Number) });
    const rest = await get(`limit=2${query}&after=${String(first.next)}`);
    expect(rest).toEqual({ status: 200, ids: whole.ids?.slice(2), next: null });
  });
  it('no page is larger than a hundred', async () => {
    expect((await get(`limit=101${query}`)).status).toBe(422);
  });
});
