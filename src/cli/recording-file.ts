import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Encoding } from '../http/unpack.js';
import { Problem } from '../problem.js';
import { wrongUse } from './refusal.js';

/** Of a packed file or of standard input, which are held, and of what either unpacks to, which is not. */
const mostPackedBytes = 1024 ** 3;
const mostUnpackedBytes = 64 * 1024 ** 3;

export interface RecordingFile {
  /** Epoch milliseconds. The same file gives the same time, so that sending it again stores nothing twice. */
  readonly changedAt: number;
  /**
   * What is in it, unpacked, in pieces; from its beginning each time.
   * @throws Problem usage, body_too_large, recording_truncated, recording_malformed
   */
  chunks(): AsyncIterable<Uint8Array>;
}

/** `-` is standard input. @throws Problem usage, body_too_large */
export async function openRecording(path: string): Promise<RecordingFile> {
  if (path === '-') {
    const held = await collected(process.stdin);
    const encoding = encodingOf(held, '');
    return { changedAt: Date.now(), chunks: () => unpacked(inPieces(held), encoding) };
  }
  try {
    const { mtimeMs, size } = await stat(path);
    const encoding = encodingOf(await headOf(path), path);
    if (encoding !== undefined && size > mostPackedBytes)
      throw new Problem('body_too_large', { limit: mostPackedBytes });
    return {
      changedAt: Math.floor(mtimeMs),
      chunks: () => unpacked(createReadStream(path, { highWaterMark: pieceBytes }), encoding),
    };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw wrongUse('FILE', 'a file that can be read');
  }
}

const pieceBytes = 256 * 1024;

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function collected(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > mostPackedBytes) throw new Problem('body_too_large', { limit: mostPackedBytes });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Brotli has no mark of its own, so it is told by the name of its file. */
function encodingOf(bytes: Uint8Array, path: string): Encoding | undefined {
  const head = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  if (head.startsWith('1f8b')) return 'gzip';
  if (head === '28b52ffd') return 'zstd';
  return path.endsWith('.br') ? 'br' : undefined;
}

async function* unpacked(
  packed: AsyncIterable<Uint8Array>,
  encoding: Encoding | undefined,
): AsyncGenerator<Uint8Array> {
  const { unpack } = await import('../http/unpack.js');
  const { UnpackError } = await import('../http/unpack-error.js');
  try {
    yield* encoding === undefined ? packed : unpack(packed, encoding, mostUnpackedBytes);
  } catch (error) {
    if (!(error instanceof UnpackError)) throw error;
    if (error.fault === 'too_large') throw new Problem('body_too_large', { limit: mostUnpackedBytes });
    throw new Problem(`recording_${error.fault}`);
  }
}
