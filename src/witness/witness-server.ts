import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { Problem } from '../problem.js';
import type { Refused } from './judge-checkpoint.js';
import { originId } from './witness-memory.js';
import type { Answer, Witness } from './witness.js';

/** A note with all the signatures it may have, and 63 hashes before it. */
const mostBodyBytes = 72 * 1024;
/** For a whole request: whoever trickles bytes gives the connection back. */
const requestTimeoutMs = 10_000;
const mostConnections = 1000;

const text = 'text/plain; charset=utf-8';

/** C2SP tlog-witness, word for word. What is not fixed there is a constant sentence, which repeats nothing. */
const refusals: Record<Exclude<Refused, 'size_differs'> | 'too_large', readonly [status: number, sentence: string]> = {
  malformed: [400, 'not an add-checkpoint request, or its old size is above that of the checkpoint'],
  signature_refused: [403, 'not signed by a key that is trusted for this origin'],
  origin_unknown: [404, 'no log of this origin is witnessed here'],
  root_differs: [409, 'another root of this size was cosigned'],
  too_large: [413, 'the request is too large'],
  proof_refused: [422, 'the consistency proof does not verify'],
};

interface Served {
  readonly witness: Witness;
  readonly origins: readonly string[];
  readonly registry: Registry;
  /** Rejects while the witness should be looked at: a log misbehaved, or the memory cannot be written. */
  readonly ready: () => Promise<void>;
  /** What an answer of 500 was about. */
  readonly failed: (error: unknown) => void;
}

export interface RunningServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * The witness over HTTP: `POST /add-checkpoint`, `GET /SHA256(origin)/checkpoint`, and what whoever runs it looks at.
 * For anyone: what it says is signed, and what it is asked counts by the log's signature alone.
 */
export async function serveWitness(served: Served, at: { host: string; port: number }): Promise<RunningServer> {
  const notes = new Map(served.origins.map((origin) => [`/${originId(origin)}/checkpoint`, origin]));
  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs },
    (asked, answer) => {
      void route(served, notes, asked, answer).catch((error: unknown) => {
        served.failed(error);
        if (answer.headersSent) answer.destroy();
        else send(answer, 500, text, 'nothing was cosigned\n');
      });
    },
  );
  server.maxConnections = mostConnections;
  await listening(server, at);
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

async function route(
  { witness, registry, ready }: Served,
  notes: ReadonlyMap<string, string>,
  asked: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const { method, url: path = '' } = asked;
  if (method === 'POST' && path === '/add-checkpoint') {
    const body = await readBody(asked);
    return body === undefined ? refuse(answer, 'too_large') : sendAnswer(answer, await witness.add(body));
  }
  if (method !== 'GET') return send(answer, 404, text, 'there is no such route\n');
  const origin = notes.get(path);
  const note = origin === undefined ? undefined : witness.last(origin)?.note;
  if (note !== undefined) return send(answer, 200, text, note);
  if (path === '/metrics') return send(answer, 200, registry.contentType, await registry.metrics());
  if (path === '/health/live') return sendHealth(answer, true, 'live');
  if (path === '/health/ready') {
    const isReady = await ready().then(
      () => true,
      () => false,
    );
    return sendHealth(answer, isReady, isReady ? 'ready' : 'not_ready');
  }
  send(answer, 404, text, 'there is no such checkpoint or route\n');
}

function sendAnswer(answer: ServerResponse, given: Answer): void {
  if (given.kind === 'cosigned') send(answer, 200, text, given.line);
  else if (given.kind === 'size_differs') send(answer, 409, 'text/x.tlog.size', `${given.size}\n`);
  else refuse(answer, given.kind);
}

function refuse(answer: ServerResponse, why: keyof typeof refusals): void {
  const [status, sentence] = refusals[why];
  // What was not read to its end is not waited for.
  if (why === 'too_large') answer.setHeader('connection', 'close');
  send(answer, status, text, `${sentence}\n`);
}

const sendHealth = (answer: ServerResponse, isWell: boolean, status: string): void =>
  send(answer, isWell ? 200 : 503, 'application/json; charset=utf-8', `${JSON.stringify({ status })}\n`);

function send(answer: ServerResponse, status: number, type: string, body: string): void {
  answer.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  answer.end(body);
}

/** Undefined where it is too large. Bytes that are no UTF-8 become characters that no note has. */
async function readBody(asked: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of asked as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', () => reject(new Problem('setting_invalid', { issues: [{ path: 'port', rule: 'free' }] })));
    server.listen(port, host, resolve);
  });
}
