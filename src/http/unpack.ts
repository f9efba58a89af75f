import { Readable } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip } from 'node:zlib';
import { UnpackError } from './unpack-error.js';
import { unpackZstd } from './zstd.js';

/** Names of RFC 9110 §8.4.1, RFC 7932 and RFC 9659. */
export const encodings = ['gzip', 'br', 'zstd'] as const;
export type Encoding = (typeof encodings)[number];

/**
 * What was compressed, as a stream. A few kilobytes can unpack to more than a machine has, so it stops, and lets
 * go of what it holds, at the first byte past `mostBytes`. @throws UnpackError
 */
export async function* unpack(
  packed: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  mostBytes: number,
): AsyncGenerator<Uint8Array> {
  if (encoding === 'zstd') return yield* unpackZstd(packed, mostBytes);
  const unzip = encoding === 'gzip' ? createGunzip() : createBrotliDecompress();
  const source = Readable.from(packed, { objectMode: false });
  // `pipe` passes no errors on, and a source that failed would be waited for.
  source.once('error', (error) => unzip.destroy(error)).pipe(unzip);
  let bytes = 0;
  try {
    for await (const chunk of unzip as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw new UnpackError('too_large');
      yield chunk;
    }
  } catch (error) {
    throw faultOf(error);
  } finally {
    unzip.destroy();
    source.destroy();
  }
}

function faultOf(error: unknown): unknown {
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  if (errno === constants.Z_BUF_ERROR) return new UnpackError('truncated');
  // zlib's codes, and brotli's: ERR_BROTLI_DECODER_… or ERR__ERROR_FORMAT_….
  return typeof code === 'string' && /^(?:Z_|ERR_{1,2}(?:BROTLI|ERROR))/.test(code)
    ? new UnpackError('malformed')
    : error;
}
