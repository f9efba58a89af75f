import { readFileSync } from 'node:fs';
import http from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mintDevToken } from '../src/identity/dev-people.js';
import { ServiceProcess } from './service-process.js';

const canary = 'canary-9d41c7';
const start = Date.UTC(2026, 5, 1);
const records = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({
    time: start + (from + index) * 100,
    data: {
      type: 3,
      data: { source: 5, text: `${canary} ${from + index}`, isChecked: false, id: 7 },
      timestamp: start + (from + index) * 100,
    },
  }));
const post = (session: string, subject: string, count: number, first = 0) => ({
  session,
  subject,
  format: 'rrweb',
  first,
  records: records(count, first),
});
const noGrant = '00000000-0000-4000-8000-000000000000';

let service: ServiceProcess;
beforeAll(async () => {
  service = await ServiceProcess.start();
  await service.ask('source', 'POST', '/v1/records', post('known', 's1', 10));
});
afterAll(() => service.remove());

describe('each wrong turn has its code, and repeats nothing:', () => {
  const malformed = `{"session":"${canary}`;
  const turns: readonly [what: string, ask: () => Promise<{ status: number; json: { code: string }; text: string }>, status: number, code: string][] = [
    ['malformed JSON', () => service.ask('source', 'POST', '/v1/records', malformed), 400, 'body_malformed'],
    ['an unknown format', () => service.ask('source', 'POST', '/v1/records', { ...post('x', 's1', 1), format: canary }), 422, 'format_unknown'],
    ['an oversized body, before it is read', () => announcing(20_000_000), 413, 'body_too_large'],
    ['another media type', () => service.ask('source', 'POST', '/v1/records', canary, { 'content-type': 'text/x-canary' }), 415, 'media_type_unsupported'],
    ['an unknown key', () => service.ask('source', 'POST', '/v1/records', { ...post('x', 's1', 1), [canary]: 1 }), 422, 'input_invalid'],
    ['an unknown session', () => service.ask('auditor', 'GET', `/v1/sessions/${canary}`), 404, 'session_unknown'],
    ['a session of another subject', () => service.ask('source', 'POST', '/v1/records', post('known', 's2', 1)), 409, 'session_conflict'],
    ['a gap', () => service.ask('source', 'POST', '/v1/records', post('known', 's1', 1, 50)), 409, 'sequence_gap'],
    ['no token', () => service.ask(undefined, 'POST', '/v1/records', post('x', 's1', 1)), 401, 'token_missing'],
    ['a bad token', () => service.ask(undefined, 'GET', '/v1/sessions', undefined, { authorization: `Bearer ${canary}` }), 401, 'token_invalid'],
    ['another role', () => service.ask('source', 'GET', '/v1/sessions'), 403, 'role_missing'],
    ['the ledger of another subject', () => service.ask('subject:s2', 'GET', '/v1/subjects/s1/ledger'), 403, 'role_missing'],
    ['a copy of another subject', () => service.ask('subject:s2', 'POST', '/v1/subjects/s1/copy', { session: 'known' }), 403, 'role_missing'],
    ['a copy of a session of another subject', () => service.ask('subject:s2', 'POST', '/v1/subjects/s2/copy', { session: 'known' }), 403, 'disclosure_denied'],
    ['the sessions of another subject', () => service.ask('subject:s2', 'GET', '/v1/subjects/s1/sessions'), 403, 'role_missing'],
    ['consent for another subject', () => service.ask('subject:s2', 'PUT', '/v1/subjects/s1/consent', { consent: 'refused' }), 403, 'role_missing'],
    ['a request with a wildcard', () => service.ask('researcher', 'POST', '/v1/requests', { ...request, fields: ['*'] }), 422, 'input_invalid'],
    ['a request for everything', () => service.ask('researcher', 'POST', '/v1/requests', { ...request, sessions: [] }), 422, 'input_invalid'],
    ['a request for an unknown session', () => service.ask('researcher', 'POST', '/v1/requests', { ...request, sessions: [canary] }), 404, 'session_unknown'],
    ['a request above the ceilings', () => service.ask('researcher', 'POST', '/v1/requests', { ...request, budget: { records: 10_000_000, disclosures: 10_000 } }), 403, 'request_refused'],
    ['a read without a grant', () => service.ask('researcher', 'POST', `/v1/grants/${noGrant}/disclosures`, { session: 'known' }), 403, 'disclosure_denied'],
    ['a position past the end', () => service.ask('auditor', 'GET', '/v1/log/proof?position=999999'), 404, 'position_unknown'],
    ['no such route', () => service.ask('auditor', 'GET', `/v1/${canary}`), 404, 'route_unknown'],
    ['a subject never seen', () => service.ask('officer1', 'POST', '/v1/subjects/nobody/erasure', {}), 404, 'subject_unknown'],
  ]; // prettier-ignore

  it.each(turns)('%s', async (_what, ask, status, code) => {
    const answer = await ask();
    expect({ status: answer.status, code: answer.json.code }).toEqual({ status, code });
    expect(answer.text).not.toContain(canary);
  });

  it('a truncated recording, from the command line, with nothing stored', async () => {
    const whole = readFileSync(join(process.cwd(), 'examples/sign-up.rrweb.json'));
    const path = join(service.folder, 'cut.json');
    await writeFile(path, whole.subarray(0, 20_000));
    const cut = await service.custos(
      '--as',
      'source',
      '--json',
      'ingest',
      path,
      '--format',
      'rrweb',
      '--subject',
      's1',
      '--session',
      'cut',
    );
    expect({ code: cut.code, problem: JSON.parse(cut.stdout).code }).toEqual({
      code: 1,
      problem: 'recording_truncated',
    });
    expect((await service.ask('auditor', 'GET', '/v1/sessions/cut')).status).toBe(404);
  });

  it('a format that there is not, from the command line', async () => {
    const answer = await service.custos(
      '--as',
      'source',
      '--json',
      'ingest',
      'examples/shell.cast',
      '--format',
      'vhs',
      '--subject',
      's1',
      '--session',
      'x',
    );
    expect(JSON.parse(answer.stdout).code).toBe('format_unknown');
  });

  it('nobody at the other end', async () => {
    const answer = await service.custos('--as', 'source', '--json', 'session', 'ls').then(async () => {
      const lonely = Object.assign(Object.create(Object.getPrototypeOf(service)), service, {
        url: 'http://127.0.0.1:9',
      }) as ServiceProcess;
      return lonely.custos('--as', 'auditor', '--json', 'session', 'ls');
    });
    expect({ code: answer.code, problem: JSON.parse(answer.stdout).code }).toEqual({
      code: 2,
      problem: 'service_unreachable',
    });
  });
});

/** Announces a body and never sends it: whoever answers has not waited for it. */
async function announcing(bytes: number): Promise<{ status: number; json: { code: string }; text: string }> {
  const authorization = `Bearer ${await mintDevToken(service.data, 'source')}`;
  const headers = { authorization, 'content-type': 'application/json', 'content-length': bytes };
  const asking = http.request(`${service.url}/v1/records`, { method: 'POST', headers });
  asking.on('error', () => undefined);
  asking.flushHeaders();
  const answer = await new Promise<http.IncomingMessage>((resolve) => asking.once('response', resolve));
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  asking.destroy();
  return { status: answer.statusCode ?? 0, json: JSON.parse(text), text };
}

const request = {
  fields: ['typed'],
  sessions: ['known'],
  from: start,
  to: start + 100_000,
  purpose: 'a purpose that is long enough',
  durationSeconds: 3600,
  budget: { records: 100, disclosures: 5 },
};

describe('every route', () => {
  const roles = ['source', 'researcher', 'approver1', 'officer1', 'auditor', 'subject:s1'];
  const id: Readonly<Record<string, string>> = { session: 'known', subject: 's1', request: noGrant, grant: noGrant };

  it('answers exactly the roles in test/route-access.txt, and no stranger but where it says so', async () => {
    const { paths } = (await service.ask(undefined, 'GET', '/openapi.json')).json as {
      paths: Record<string, Record<string, unknown>>;
    };
    const lines: string[] = [];
    for (const [path, methods] of Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))) {
      for (const method of Object.keys(methods)) {
        const concrete = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => id[name] ?? 'x').replace('*', 'x');
        // An empty body breaks every schema: who may ask gets as far as that and no further.
        const body = method === 'get' ? undefined : { nothing: true };
        const stranger = await service.ask(undefined, method.toUpperCase(), concrete, body);
        const allowed: string[] = stranger.status === 401 ? [] : ['anyone'];
        for (const role of roles) {
          const answer = await service.ask(role, method.toUpperCase(), concrete, body);
          if (answer.json?.code !== 'role_missing' && allowed[0] !== 'anyone')
            allowed.push(role.replace(/1$/, '').split(':')[0] as string);
        }
        lines.push(`${method.toUpperCase().padEnd(5)}${path.padEnd(42)}${allowed.join(' ')}`);
      }
    }
    const expected = await readFile(join(process.cwd(), 'test/route-access.txt'), 'utf8').catch(() => '');
    expect(`${lines.join('\n')}\n`).toBe(expected);
  });
});

describe('retention, from the command line,', () => {
  const as = async (who: string, ...args: string[]) => {
    const { code, stdout } = await service.custos('--as', who, '--json', ...args);
    return { code, json: JSON.parse(stdout) };
  };
  const keep = ['screen=30', 'strict=14', '--reason', 'as the works council agreed', '--yes'];

  it('is not for a researcher to set, be it with an officer’s key, or to sweep', async () => {
    const key = ['--key', join(service.data, 'people', 'officer1.key.json')];
    for (const asked of [
      ['set', ...keep, ...key],
      ['sweep', '--yes'],
    ]) {
      const { code, json } = await as('researcher', 'retention', ...asked);
      expect({ code, problem: json.code }).toEqual({ code: 1, problem: 'role_missing' });
    }
  });

  it('is asked for by one officer, in force for nothing until another has signed, and shown to everybody', async () => {
    const field = async (name: string) => {
      const { json } = await as('subject:s1', 'retention', 'ls');
      return json.fields.find((one: { field: string }) => one.field === name);
    };
    const { json: asked } = await as('officer1', 'retention', 'set', ...keep);
    expect(asked).toMatchObject({ signatures: 1, needed: 2, enforced: false });
    expect(await field('screen')).toMatchObject({ days: null, next: null });
    expect((await as('officer2', 'act', 'sign', asked.act, '--yes')).json).toMatchObject({ enforced: true });
    expect(await field('screen')).toMatchObject({ class: 'private', days: null, next: { days: 30 }, expired: null });
    expect(await field('other')).toMatchObject({ next: { days: 14 } });
    expect(await field('typed')).toMatchObject({ days: null, next: null });
    expect(await as('officer1', 'retention', 'sweep', '--yes')).toMatchObject({
      code: 0,
      json: { expired: [], deleted: 0 },
    });
  });
});

describe('the process', () => {
  it('refuses a second one on its data folder, which goes on undisturbed', async () => {
    const { code, said } = await service.second();
    expect({ code, said: said.includes('data_in_use') }).toEqual({ code: 1, said: true });
    expect((await service.ask(undefined, 'GET', '/health/ready')).status).toBe(200);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
    'leaves a folder that starts again after %s, with every acknowledged record there once',
    async (signal) => {
      const session = `after-${signal}`;
      const acknowledged: number[] = [];
      const writing = (async () => {
        for (let first = 0; ; first += 5) {
          const answer = await service
            .ask('source', 'POST', '/v1/records', post(session, 's1', 5, first))
            .catch(() => undefined);
          if (answer?.status !== 200) return;
          acknowledged.push(answer.json.next);
        }
      })();
      while (acknowledged.length < 8) await new Promise((resolve) => setTimeout(resolve, 10));
      const code = await service.stop(signal);
      await writing;
      if (signal !== 'SIGKILL') expect(code).toBe(0);
      await service.start();
      const told = await service.ask('auditor', 'GET', `/v1/sessions/${session}`);
      const most = Math.max(...acknowledged);
      // One more post may have been committed without its answer coming through.
      expect([most, most + 5]).toContain(told.json.records);
      const again = await service.ask('source', 'POST', '/v1/records', post(session, 's1', most + 10));
      expect(again.json).toMatchObject({
        next: most + 10,
        duplicate: told.json.records,
        accepted: most + 10 - told.json.records,
      });
      const { code: verified, stdout } = await service.custos('--json', 'verify');
      expect({ verified, ...JSON.parse(stdout) }).toMatchObject({ verified: 0, ok: true, problems: [] });
    },
  );

  it('starts again with the same database after its tokens, keys and people were kept', async () => {
    const before = await readFile(join(service.data, 'trust.json'), 'utf8');
    expect(await service.stop('SIGTERM')).toBe(0);
    await service.start();
    expect(await readFile(join(service.data, 'trust.json'), 'utf8')).toBe(before);
  });
});
