import { ZSTDDecoder } from 'zstddec/stream';
import { UnpackError } from './unpack-error.js';
import { mostBytesIn } from './zstd-frames.js';

/**
 * The decoder keeps what it allocates when it is left in the middle, so what can be is unpacked in one piece: then
 * it needs no window either. Larger than this is only what the command line reads, which ends with its file.
 */
const mostBytesAtOnce = 64 * 1024 * 1024;
/** Two of the largest blocks, so that a slice that gives nothing is rare. */
const sliceBytes = 256 * 1024;
/** The decoder does not say that it met an error: it gives nothing, over and over. */
const mostEmptySteps = 1000;

/** Node has had zstd since 22.15 only. @throws UnpackError */
export async function* unpackZstd(packed: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Uint8Array> {
  const bytes = await collected(packed, mostBytes);
  const size = mostBytesIn(bytes);
  if (size.exact && size.bytes > mostBytes) throw new UnpackError('too_large');
  const decoder = new ZSTDDecoder();
  await decoder.init();
  if (Math.min(size.bytes, mostBytes) > mostBytesAtOnce) return yield* inSteps(decoder, bytes, mostBytes);
  if (size.bytes === 0) return;
  const unpacked = decoder.decode(bytes, Math.min(size.bytes, mostBytes));
  // It fails for want of room as it does for damage. Where there may not be room for all, that is the better guess.
  if (unpacked.length === 0) throw new UnpackError(size.bytes > mostBytes ? 'too_large' : 'malformed');
  yield unpacked;
}

async function collected(packed: AsyncIterable<Uint8Array>, mostBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of packed) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new UnpackError('too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function* inSteps(decoder: ZSTDDecoder, bytes: Uint8Array, mostBytes: number): Generator<Uint8Array> {
  let unpacked = 0;
  let emptySteps = 0;
  for (const chunk of decoder.decodeStreaming(slices(bytes))) {
    unpacked += chunk.length;
    emptySteps = chunk.length === 0 ? emptySteps + 1 : 0;
    if (unpacked > mostBytes) throw new UnpackError('too_large');
    if (emptySteps > mostEmptySteps) throw new UnpackError('malformed');
    if (chunk.length > 0) yield chunk;
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += sliceBytes) yield bytes.subarray(at, at + sliceBytes);
}
