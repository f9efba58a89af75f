import { randomUUID } from 'node:crypto';
import { ownCopy, type GrantId } from '../../src/log/ids.js';
import { typedRecords, VaultInProcess } from '../vault-in-process.js';
import { AppInProcess, type Told } from './app-in-process.js';

/**
 * The service may do what its callers may not: it holds everybody's answers, and has the keyholder open. Nobody makes it
 * do for them what it does for somebody else: not by the name of another's command, nor in another's name, nor by asking for
 * a check that opens.
 */
const secret = 'the secret';
let vault: VaultInProcess;
let app: AppInProcess;
let grant: GrantId;
beforeAll(async () => {
  vault = await VaultInProcess.start();
  app = await AppInProcess.start(vault);
  await vault.ingest('one', 's1', typedRecords(10, secret));
  grant = await vault.grant('one', ['typed'], { records: 100_000, disclosures: 100 });
});
afterAll(async () => {
  await app.close();
  await vault.stop();
});

async function ask(
  person: string,
  role: string,
  path: string,
  body: unknown,
  command: string = randomUUID(),
): Promise<Told> {
  const token = await vault.issuer.tokenOf(person, role);
  return app.ask({ path, body, headers: { authorization: `Bearer ${token}`, 'idempotency-key': command } });
}
const reading = (person: string, command?: string) =>
  ask(person, 'researcher', `/v1/grants/${grant}/disclosures`, { session: 'one' }, command);

describe('the name of a command that somebody else gave theirs', () => {
  it('gets no reading of hers again, and hers is hers once', async () => {
    const command = randomUUID();
    expect((await reading('researcher', command)).text).toContain(secret);
    expect(await reading('researcher2', command)).toMatchObject({ status: 403, code: 'disclosure_denied' });
    const again = await reading('researcher', command);
    expect(again).toMatchObject({ code: 'keyholder_refused' });
    expect(again.text).not.toContain(secret);
  });

  it('gets no answer of hers: it is a command of its own', async () => {
    const [command, body] = [randomUUID(), requestOf('one')];
    const hers = await ask('researcher', 'researcher', '/v1/requests', body, command);
    const his = await ask('researcher2', 'researcher', '/v1/requests', body, command);
    const idIn = ({ text }: Told) => (JSON.parse(text) as { request: string }).request;
    expect([hers.status, his.status]).toEqual([201, 201]);
    expect(idIn(his)).not.toBe(idIn(hers));
    expect(idIn(await ask('researcher', 'researcher', '/v1/requests', body, command))).toBe(idIn(hers));
  });

  it('with other content is refused, and says nothing of what it was', async () => {
    const command = randomUUID();
    await ask('researcher', 'researcher', '/v1/requests', requestOf('one', 'a purpose that is hers'), command);
    const other = await ask('researcher', 'researcher', '/v1/requests', requestOf('one'), command);
    expect(other).toMatchObject({ status: 409, code: 'command_reused' });
    expect(other.text).not.toContain('a purpose');
  });
});

const requestOf = (session: string, purpose = 'to see that it works') => ({
  fields: ['typed'],
  sessions: [session],
  from: 0,
  to: Date.UTC(2100, 0, 1),
  purpose,
  durationSeconds: 3600,
  budget: { records: 10, disclosures: 1 },
});

describe('in the name of somebody else', () => {
  it.each([
    ['a subject reads another', 'subject:s2', 'subject', '/v1/subjects/s1/copy'],
    ['an officer reads a subject', 'ola', 'officer', '/v1/subjects/s1/copy'],
    ['a researcher reads as a subject', 'researcher', 'researcher', '/v1/subjects/s1/copy'],
  ])('%s: no', async (_what, person, role, path) => {
    const told = await ask(person, role, path, { session: 'one' });
    expect(told.status).toBe(403);
    expect(told.text).not.toContain(secret);
  });

  it('who asks is who the token says, whatever a body adds', async () => {
    const body = { session: 'one', person: 'researcher', actor: 'researcher', token: 'x' };
    const told = await ask('researcher2', 'researcher', `/v1/grants/${grant}/disclosures`, body);
    expect(told).toMatchObject({ status: 422, code: 'input_invalid' });
  });

  it('a copy under no grant is not read by the way of a grant', async () => {
    const told = await ask('researcher', 'researcher', `/v1/grants/${ownCopy}/disclosures`, { session: 'one' });
    expect(told).toMatchObject({ status: 422, code: 'input_invalid' });
    expect(told.text).not.toContain(secret);
  });
});

describe('whoever has the service try everything', () => {
  it.each([
    ['a containment', '/v1/containments', {}],
    ['an assurance', '/v1/assurance', {}],
  ])('by %s learns what would open, and no word of it', async (_what, path, body) => {
    const told = await ask('ola', 'officer', path, body);
    expect(told.status).toBeLessThan(300);
    expect(told.text).not.toContain(secret);
    expect(told.text.length).toBeGreaterThan(20);
  });
});
