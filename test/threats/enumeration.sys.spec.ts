import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { ServiceProcess, type Answer } from '../service-process.js';

/**
 * Whoever asks about what is not theirs gets the same bytes whether it is there or not: status, headers and body, over
 * HTTP. (That the same is done for it: enumeration.int.spec.ts.)
 */
let service: ServiceProcess;
let request: string;
let keyId: string;
const none = randomUUID();
beforeAll(async () => {
  service = await ServiceProcess.start();
  const as = async (who: string, ...args: string[]) => {
    const { code, stdout } = await service.custos('--as', who, '--json', ...args);
    expect([args[0], code]).toEqual([args[0], 0]);
    return JSON.parse(stdout);
  };
  await as('source', 'ingest', 'examples/shell.cast', '--format', 'asciicast', '--subject', 's1', '--session', 'known');
  ({ request } = await as('researcher', 'request', 'create', '--session', 'known', '--field', 'kind', '--purpose', 'to see what is told', '--records', '2000', '--disclosures', '5', '--for', '1h')); // prettier-ignore
  for (const name of ['approver1', 'approver2']) await as(name, 'approve', request, '--yes');
  const out = join(service.folder, 'token');
  const { act } = await as('officer1', 'source', 'new', 'recorder', '--for', '1d', '--out', out, '--yes');
  await as('officer2', 'act', 'sign', act, '--yes');
  keyId = (await readFile(out, 'utf8')).split('.')[1] as string;
});
afterAll(() => service.remove());

/** All that was sent, but for the time, and the place in the log of a refusal that is an entry. */
function told({ status, headers, text }: Answer): object {
  const body = text.replace(/"position":\d+/, '"position":0');
  const length = Number(headers.get('content-length')) - text.length + body.length;
  return { status, headers: { ...Object.fromEntries(headers), date: '', 'content-length': length }, body };
}

async function sameFor(
  ask: (id: string) => Promise<Answer>,
  [there, not]: [string, string],
  code: string,
): Promise<void> {
  const [one, other] = [await ask(there), await ask(not)];
  expect(one.json.code).toBe(code);
  expect(told(one)).toEqual(told(other));
  expect(one.text).not.toContain(there);
}

const reason = { reason: 'a try, by a stranger' };
describe('to a researcher nothing tells', () => {
  it('a request of somebody else', () =>
    sameFor((id) => service.ask('researcher2', 'GET', `/v1/requests/${id}`), [request, none], 'request_unknown'));
  it('a grant of somebody else, when it is read under', () =>
    sameFor((id) => service.ask('researcher2', 'POST', `/v1/grants/${id}/disclosures`, { session: 'known' }), [request, none], 'disclosure_denied')); // prettier-ignore
  it('a grant of somebody else, when it is revoked', () =>
    sameFor((id) => service.ask('researcher2', 'POST', `/v1/grants/${id}/revocation`, reason), [request, none], 'grant_unknown')); // prettier-ignore
  it('an act', async () => {
    const { json } = await service.ask('officer1', 'GET', '/v1/acts');
    await sameFor((id) => service.ask('researcher', 'GET', `/v1/acts/${id}`), [json.acts[0].act, none], 'role_missing');
  });
});

describe('to a subject nothing tells', () => {
  it('a session of somebody else', () =>
    sameFor((session) => service.ask('subject:s2', 'POST', '/v1/subjects/s2/copy', { session }), ['known', 'nothing'], 'disclosure_denied')); // prettier-ignore
  it.each([
    ['GET', 'ledger?purpose=to%20see%20who%20read', undefined],
    ['GET', 'sessions', undefined],
    ['PUT', 'consent', { consent: 'refused' }],
    ['POST', 'erasure', {}],
    ['POST', 'copy', { session: 'known' }],
  ])('another subject: %s %s', (method, path, body) =>
    sameFor(
      (id) => service.ask('subject:s2', method, `/v1/subjects/${id}/${path}`, body),
      ['s1', 's9'],
      'role_missing',
    ),
  );
});

it.each(['/v1/requests/', '/v1/sessions/', '/v1/subjects/'])('to a stranger nothing tells what is under %s', (path) =>
  sameFor((id) => service.ask(undefined, 'GET', `${path}${id}`), [path.includes('req') ? request : path.includes('ses') ? 'known' : 's1', none], path.includes('subjects') ? 'route_unknown' : 'token_missing')); // prettier-ignore

it('nothing tells whether there is an ingest key of an id', async () => {
  const ask = async (id: string): Promise<Answer> => {
    const headers = { authorization: `Bearer custos-ingest.${id}.${'A'.repeat(43)}` };
    const answer = await fetch(`${service.url}/v1/programme`, { headers });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, json: JSON.parse(text) };
  };
  await sameFor(ask, [keyId, '0123456789abcdef'], 'token_invalid');
});
