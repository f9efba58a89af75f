import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../problem.js';
import type { KeepReceipts } from './keep-receipts.js';
import { lines, quietly } from './ndjson.js';
import { refusalOf, wrongUse } from './refusal.js';

const mostAttempts = 5;
/** A service that asks for more patience than this is down; whoever waits at a terminal should hear it. */
const longestWaitMs = 10_000;
const firstWaitMs = 200;

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Client {
  get<T>(path: string, query?: Query): Promise<T>;
  getText(path: string, query?: Query): Promise<string>;
  getBytes(path: string, query?: Query): Promise<Uint8Array>;
  getLines(path: string, query?: Query): AsyncGenerator<unknown>;
  /** The same without an end: it ends quietly where the connection breaks, for whoever asks again. */
  followLines(path: string, query?: Query): AsyncGenerator<unknown>;
  post<T>(path: string, body: unknown): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  postForLines(path: string, body: unknown): AsyncGenerator<unknown>;
}

export interface ClientOptions {
  readonly url: string;
  readonly token?: string;
  /** Gets the receipts of every write, if somebody wants them. */
  readonly keep?: KeepReceipts;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
}

/**
 * Asks the service. A write has one Idempotency-Key for all its attempts, so that a retry of something that was
 * stored gets the first answer instead of a second entry. Every refusal is thrown with all its members.
 */
export function createClient({ url, token, keep }: ClientOptions): Client {
  const ask = async (call: Call): Promise<Response> => {
    const target = targetOf(url, call);
    const init = requestOf(call, token);
    for (let attempt = 1; ; attempt += 1) {
      const answer = await fetch(target, init).catch((error: unknown) => connectionError(error, call, attempt));
      if (answer === 'again') {
        await sleep(firstWaitMs * 2 ** (attempt - 1));
        continue;
      }
      if (answer.ok) return answer;
      const waitMs = retryAfterMs(answer);
      if (waitMs === undefined || attempt >= mostAttempts) throw refusalOf(await answer.json().catch(() => undefined));
      await answer.body?.cancel();
      await sleep(waitMs);
    }
  };
  const json = async <T>(call: Call): Promise<T> => (await body(ask(call), (answer) => answer.json(), call)) as T;
  /** The answer without its receipts: they are for files, and nothing to look at. */
  const write = async <T>(call: Call): Promise<T> => {
    const { receipts, ...answer } = await json<T & { receipts?: unknown }>(call);
    await keep?.(Array.isArray(receipts) ? receipts : []);
    return answer as T;
  };
  return {
    get: (path, query = {}) => json({ method: 'GET', path, query }),
    post: (path, body) => write({ method: 'POST', path, body }),
    put: (path, body) => write({ method: 'PUT', path, body }),
    getText: (path, query = {}) => {
      const call: Call = { method: 'GET', path, query };
      return body(ask(call), (answer) => answer.text(), call);
    },
    getBytes: async (path, query = {}) => {
      const call: Call = { method: 'GET', path, query };
      return new Uint8Array(await body(ask(call), (answer) => answer.arrayBuffer(), call));
    },
    async *getLines(path, query = {}) {
      yield* lines(await ask({ method: 'GET', path, query }));
    },
    async *followLines(path, query = {}) {
      yield* quietly(lines(await ask({ method: 'GET', path, query })));
    },
    async *postForLines(path, body) {
      // The last line tells whether it was all, and not the end.
      yield* quietly(lines(await ask({ method: 'POST', path, body })));
    },
  };
}

function targetOf(url: string, { path, query = {} }: Call): URL {
  if (!URL.canParse(path, url)) throw wrongUse('CUSTOS_URL', 'not a URL');
  const target = new URL(path, url);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) target.searchParams.set(name, String(value));
  }
  return target;
}

function requestOf({ method, body }: Call, token: string | undefined): RequestInit {
  const headers: Record<string, string> = { accept: 'application/json, application/x-ndjson, text/plain' };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  // A redirect would carry the token to wherever it points.
  const redirect = 'error';
  if (method === 'GET') return { method, headers, redirect };
  headers['content-type'] = 'application/json';
  headers['idempotency-key'] = randomUUID();
  return { method, headers, redirect, body: JSON.stringify(body) };
}

const brokenOff = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

function connectionError(error: unknown, { method }: Call, attempt: number): 'again' {
  const code = ((error as { cause?: { code?: unknown } }).cause?.code ?? '') as string;
  const maybeArrived = brokenOff.has(code);
  if (maybeArrived && attempt < mostAttempts) return 'again';
  // Refused outright, it did not arrive; unless an earlier attempt did. "It did not happen" is another code.
  const unknown = method !== 'GET' && (maybeArrived || attempt > 1);
  throw new Problem(unknown ? 'outcome_unknown' : 'service_unreachable', {}, { cause: error });
}

/** An answer that breaks off in its body came after the work was done. */
async function body<T>(
  answer: Promise<Response>,
  read: (answer: Response) => Promise<T>,
  { method }: Call,
): Promise<T> {
  const received = await answer;
  return read(received).catch((error: unknown) => {
    throw new Problem(method === 'GET' ? 'service_unreachable' : 'outcome_unknown', {}, { cause: error });
  });
}

/** Undefined: this answer is final. */
function retryAfterMs(answer: Response): number | undefined {
  const seconds = answer.headers.get('retry-after');
  if (answer.status !== 503 || seconds === null || !/^\d{1,6}$/.test(seconds)) return undefined;
  return Math.min(Number(seconds) * 1000, longestWaitMs);
}
