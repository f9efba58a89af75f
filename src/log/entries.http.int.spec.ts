import { setTimeout as sleep } from 'node:timers/promises';
import { startTestApp, type TestApp } from '../http/test-app.spec.js';
import {
  delayTransactions,
  expectAll,
  freshSeed,
  killListeners,
  many,
  storedHeaders,
  until,
  writeByMany,
} from './delayed-writers.spec.js';
import { EntriesController } from './entries.http.js';
import { HttpFollowers } from './http-followers.js';
import { Log } from './log.js';
import { append, consent, TestLog } from './test-log.spec.js';

const most = 8;
let test: TestLog;
let app: TestApp;
let url: string;
let stop: AbortController;
let readings: Promise<unknown>[];
beforeEach(async () => {
  test = await TestLog.open();
  await append(test.log, ...many(9));
  app = await startTestApp([EntriesController], {
    providers: [
      { provide: Log, useValue: test.log },
      { provide: HttpFollowers, useValue: new HttpFollowers(most) },
    ],
  });
  await app.app.listen(0, '127.0.0.1');
  url = await app.app.getUrl();
  stop = new AbortController();
  readings = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.allSettled(readings);
  await app.close();
  await test.close();
});

const sse = { accept: 'text/event-stream' };
async function ask(query: string, headers: Record<string, string> = {}, as = 'auditor', signal = stop.signal) {
  return fetch(`${url}/v1/log/entries?${query}`, { headers: { ...headers, ...(await app.bearer(as)) }, signal });
}

interface Seen {
  position: number;
  header: string;
}
/** Reads until `stop`, or until the answer ends. */
function reading(answer: Response, form: 'ndjson' | 'sse', take: (seen: Seen, id: string | undefined) => void) {
  const end = form === 'sse' ? '\n\n' : '\n';
  const done = (async () => {
    let text = '';
    for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      const parts = text.split(end);
      text = parts.pop() ?? '';
      for (const part of parts) {
        const json = form === 'sse' ? /^data: (.*)$/m.exec(part)?.[1] : part;
        if (json !== undefined && json !== '') take(JSON.parse(json), /^id: (\d+)$/m.exec(part)?.[1]);
      }
    }
    return text;
  })();
  readings.push(done);
  done.catch(() => undefined);
  return done;
}

describe('following is refused', () => {
  it.each(['source', 'researcher', 'approver1', 'officer1', 'subject:s1'])('to %s', async (name) => {
    for (const headers of [{}, sse]) {
      const answer = await ask('follow=true', headers, name);
      expect({ status: answer.status, code: ((await answer.json()) as { code: string }).code }).toEqual({
        status: 403,
        code: 'role_missing',
      });
    }
  });

  it('from behind the end of the log, by position and by event', async () => {
    const unknown = { code: 'position_unknown', size: 10 };
    expect(await (await ask('follow=true&from=11')).json()).toMatchObject(unknown);
    expect(await (await ask('', { ...sse, 'last-event-id': '10' })).json()).toMatchObject(unknown);
    expect((await ask('', { ...sse, 'last-event-id': '9' })).status).toBe(200);
  });

  it.each(['canary-5e1f', '-1', '1.5', '0x1', '99999999999999999999', '1, 2'])('after the event “%s”', async (id) => {
    const answer = await ask('', { ...sse, 'last-event-id': id });
    const text = await answer.text();
    expect({ status: answer.status, code: JSON.parse(text).code }).toEqual({ status: 422, code: 'input_invalid' });
    expect(text).not.toContain('canary');
  });

  it.each(['follow=yes', 'from=-1', 'limit=0', 'limit=10001', 'more=1'])('with %s', async (query) => {
    expect((await ask(query, sse)).status).toBe(422);
  });

  it('to one more than the limit, which reads without following all the same', async () => {
    const answers = await Promise.all(Array.from({ length: most }, () => ask('follow=true')));
    expect(answers.map(({ status }) => status)).toEqual(Array(most).fill(200));
    for (const refused of [await ask('follow=true'), await ask('', sse)]) {
      expect({ status: refused.status, retryAfter: refused.headers.get('retry-after') }).toEqual({
        status: 503,
        retryAfter: '5',
      });
      expect(await refused.json()).toMatchObject({ code: 'followers_full', limit: most });
    }
    expect((await (await ask('')).text()).split('\n')).toHaveLength(11);
    await answers[0]?.body?.cancel();
    let status = 0;
    while (status !== 200) status = (await ask('follow=true')).status;
  });
});

describe('no entry is missed, seen twice or seen out of order over HTTP', () => {
  it.each(['heard', 'lost'])(
    'while 16 writers append on two instances, and notifications are %s',
    async (notifications) => {
      const seed = freshSeed();
      const other = test.instance();
      await other.start();
      await delayTransactions(test, seed);
      const killing = notifications === 'lost' ? killListeners(test, stop.signal) : Promise.resolve(1);
      const [lines, events, resumed] = [[], [], []] as [Seen[], Seen[], Seen[]];
      void reading(await ask('follow=true'), 'ndjson', (seen) => lines.push(seen));
      void reading(await ask('', sse), 'sse', (seen) => events.push(seen));
      // Cut off again and again, as by a proxy, and back with the id of the last event.
      const comingBack = (async () => {
        let last: string | undefined;
        while (!stop.signal.aborted) {
          const visit = new AbortController();
          const headers = last === undefined ? sse : { ...sse, 'last-event-id': last };
          const answer = await ask('from=0', headers, 'auditor', AbortSignal.any([stop.signal, visit.signal])).catch(
            () => undefined,
          );
          if (answer?.status !== 200) continue;
          await reading(answer, 'sse', (seen, id) => {
            if (visit.signal.aborted) return;
            resumed.push(seen);
            last = id;
            if (resumed.length % 37 === 0) visit.abort();
          }).catch(() => undefined);
        }
      })();
      await writeByMany([test.log, other], seed);
      const stored = await storedHeaders(test);
      await until(() => [lines, events, resumed].every((seen) => seen.length >= stored.length));
      stop.abort();
      expect(await killing).toBeGreaterThan(0);
      await comingBack;
      for (const seen of [lines, events, resumed]) expectAll(seed, seen, stored);
    },
    120_000,
  );
});

describe('a follower over HTTP', () => {
  it('gets lines, or events whose id is the position, each with a sign of life first', async () => {
    const lines = await ask('follow=true&from=8&limit=2');
    expect(lines.headers.get('content-type')).toBe('application/x-ndjson');
    const [life, eight, nine, rest] = (await lines.text()).split('\n');
    expect([life, rest]).toEqual(['', '']);
    expect([eight, nine].map((line) => JSON.parse(line as string).position)).toEqual([8, 9]);

    const events = await ask('limit=1', { accept: 'text/html;q=0.1, Text/Event-Stream', 'last-event-id': '7' });
    expect(events.headers.get('content-type')).toBe('text/event-stream');
    expect(events.headers.get('cache-control')).toBe('no-store');
    expect(await events.text()).toBe(`retry: 1000\n\nid: 8\ndata: ${eight}\n\n`);
  });

  it('that does not follow gets what is there, and an end', async () => {
    const answer = await ask('from=7', { accept: 'text/event-stream;q=0, */*' });
    expect(
      (await answer.text())
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line).position),
    ).toEqual([7, 8, 9]);
    expect(await (await ask('from=99')).text()).toBe('');
  });

  it('leaves no connection to the database behind when the last one has gone', async () => {
    const answer = await ask('follow=true');
    const listening = async () =>
      (await test.pool('superuser').query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")).rowCount; // prettier-ignore
    await until(async () => (await listening()) === 1);
    await answer.body?.cancel();
    await until(async () => (await listening()) === 0);
  });

  it('is ended with the service, which does not wait for it, nor for one that does not read', async () => {
    const [idle, events] = [await ask('follow=true&from=10'), await ask('from=10', sse)];
    const ends = [reading(idle, 'ndjson', () => undefined), reading(events, 'sse', () => undefined)];
    await append(test.log, consent());
    await sleep(50);
    await app.app.close();
    expect(await Promise.all(ends)).toEqual(['', '']);
  });
});

describe('what is read without following', () => {
  const positions: number[] = [];
  const readAll = async (query: string) => {
    positions.length = 0;
    return reading(await ask(query), 'ndjson', ({ position }) => positions.push(position));
  };
  const without = async (where: string) => {
    const client = await test.pool('superuser').connect();
    await client.query(`SET session_replication_role = replica; DELETE FROM log.entry WHERE ${where}`);
    client.release();
  };

  it.each([
    ['in between, and nothing comes twice', 'position = 3'],
    ['at the end of a page', 'position = 499'],
    ['at the end', 'position >= 605'],
  ])('breaks off where an entry is missing %s', async (_, where) => {
    await append(test.log, ...many(600));
    await readAll('limit=1000');
    expect(positions).toEqual(Array.from({ length: 610 }, (_, position) => position));
    await without(where);
    await expect(readAll('limit=1000')).rejects.toThrow();
    expect(positions).toEqual(positions.map((_, position) => position));
  });
});
