import { randomUUID } from 'node:crypto';
import { mintDevToken } from '../identity/dev-people.js';

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Asks the HTTP API as somebody of dev mode. */
export type Ask = (as: string, method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) => Promise<Reply>;

export function askFor(data: string, url: () => string): Ask {
  return async (as, method, path, body) => {
    const answer = await fetch(new URL(path, url()), {
      method,
      headers: {
        authorization: `Bearer ${await mintDevToken(data, as)}`,
        ...(method === 'GET' ? {} : { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  };
}

export const linesOf = <T>({ text }: Reply): T[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
