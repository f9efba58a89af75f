/** A host that does not answer must not hold up what waits for it. */
export const answersWithinMs = 10_000;

export interface Fetched {
  readonly status: number;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/**
 * One request to somebody who may be anybody: it ends in time, is bounded, and goes nowhere else.
 * @throws whatever fetch gives, for no answer, a redirect, or one that is too long
 */
export async function fetchBounded(
  url: string,
  mostBytes: number,
  init: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {},
  signal?: AbortSignal,
): Promise<Fetched> {
  const timeout = AbortSignal.timeout(answersWithinMs);
  const answer = await fetch(url, {
    ...init,
    // A redirect would carry a token to wherever it points.
    redirect: 'error',
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', bytes: Buffer.concat(chunks) };
}

export const textOf = ({ bytes }: Fetched): string => Buffer.from(bytes).toString('utf8');
