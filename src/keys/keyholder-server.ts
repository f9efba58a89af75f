import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { mostTokenCharacters } from '../identity/tokens.js';
import { Position, SubjectId } from '../log/ids.js';
import { Problem } from '../problem.js';
import type { Secret } from '../sealing/secret.js';
import { asKeyholder } from './keyholder-channel.js';
import { mostProbesAtOnce, type KeyholderPort } from './keyholder-port.js';
import { packBatch } from './packed-batch.js';

/** What may be asked; `open` answers with a line a batch, then `end`, so that a broken stream shows. */
export const KeyholderCall = z.discriminatedUnion('call', [
  z.strictObject({ call: z.literal('register'), subject: SubjectId }),
  z.strictObject({ call: z.literal('destroy'), tombstone: Position }),
  z.strictObject({
    call: z.literal('open'),
    disclosure: Position,
    token: z.string().max(mostTokenCharacters).optional(),
  }),
  z.strictObject({ call: z.literal('probe'), probes: z.array(Position).min(1).max(mostProbesAtOnce) }),
  z.strictObject({ call: z.literal('status') }),
  z.strictObject({ call: z.literal('delete-expired') }),
]);
export type KeyholderCall = z.infer<typeof KeyholderCall>;

/** How long a connection stays open that nobody asks anything over. */
export const idleMs = 60_000;

const mostCallBytes = 2 * mostTokenCharacters;
/** A service that takes nothing of what waits for it must not keep a key open. As long as it waits for its own readers. */
const stalledAfterMs = 60_000;

/** Whoever has not proved by then that they know the secret gives the connection back. */
const handshakeTimeout = 10_000;

interface Served {
  readonly socket: string;
  /** The service has it too (keyholder-channel.ts). */
  readonly secret: Secret;
  readonly stallMs?: number;
  /** Somebody asked who does not have it. */
  readonly strangerCame?: () => void;
}

/**
 * The keyholder behind a Unix socket that only its own user and group may open, for whoever has the secret. Whoever asks is
 * believed in nothing all the same: what opens is decided by replaying the log.
 */
export async function serveKeyholder(
  keyholder: KeyholderPort,
  { socket, secret, stallMs = stalledAfterMs, strangerCame = () => undefined }: Served,
): Promise<{ close(): Promise<void> }> {
  await rm(socket, { force: true });
  const server = createServer({ ...asKeyholder(secret), handshakeTimeout }, (request, response) => {
    // Node asks the socket whether anything has moved. A time in which nothing waits to be taken is the keyholder's own.
    response.setTimeout(stallMs, () => {
      if (response.writableLength > 0) response.destroy();
    });
    void answer(keyholder, request, response);
  });
  server.on('tlsClientError', strangerCame);
  server.keepAliveTimeout = idleMs;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The file is made in this call, before anybody else runs: there is no moment at which others may open it.
    const umask = process.umask(0o117);
    server.listen(socket, resolve);
    process.umask(umask);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

async function answer(keyholder: KeyholderPort, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('content-type', 'application/x-ndjson');
  try {
    const call = await readCall(request);
    await pipeline(Readable.from(lines(keyholder, call), { objectMode: false }), response);
  } catch {
    // The caller is gone, or sent what is no call; there is nobody to tell more.
    response.destroy();
  }
}

async function* lines(keyholder: KeyholderPort, call: KeyholderCall): AsyncGenerator<string> {
  try {
    if (call.call === 'open') {
      for await (const batch of keyholder.open(call.disclosure, call.token)) yield line({ batch: packBatch(batch) });
      yield line({ end: true });
    } else if (call.call === 'probe') {
      yield line({ verdicts: await keyholder.probe(call.probes) });
    } else if (call.call === 'status') {
      yield line({ status: await keyholder.status() });
    } else if (call.call === 'delete-expired') {
      yield line({ deleted: await keyholder.deleteExpired() });
    } else if (call.call === 'register') {
      const { keyId, publicKey, attestation } = await keyholder.register(call.subject);
      yield line({ keyId, publicKey: base64(publicKey), attestation: base64(attestation) });
    } else {
      const { keyId, certificate } = await keyholder.destroy(call.tombstone);
      yield line({ keyId, certificate: base64(certificate) });
    }
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem('internal');
    yield line({ problem: problem.code, members: problem.members });
  }
}

async function readCall(request: IncomingMessage): Promise<KeyholderCall> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostCallBytes) throw new Problem('body_too_large', { limit: mostCallBytes });
    chunks.push(chunk);
  }
  return KeyholderCall.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
