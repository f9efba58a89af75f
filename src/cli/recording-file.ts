import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { Problem } from '../problem.js';
import { wrongUse } from './refusal.js';

/** Some kilobytes can unpack to more than a machine has. */
const mostBytes = 1024 ** 3;

export interface RecordingFile {
  readonly bytes: Uint8Array;
  /** Epoch milliseconds. The same file gives the same time, so that sending it again stores nothing twice. */
  readonly changedAt: number;
}

/** `-` is standard input. @throws Problem usage, body_too_large, recording_truncated, recording_malformed */
export async function readRecordingFile(path: string): Promise<RecordingFile> {
  if (path === '-') return { bytes: unpacked(await buffer(process.stdin)), changedAt: Date.now() };
  try {
    const { mtimeMs, size } = await stat(path);
    if (size > mostBytes) throw new Problem('body_too_large', { limit: mostBytes });
    return { bytes: unpacked(await readFile(path)), changedAt: Math.floor(mtimeMs) };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw wrongUse('FILE', 'a file that can be read');
  }
}

export function unpacked(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new Problem('body_too_large', { limit: mostBytes });
    throw new Problem(code === 'Z_BUF_ERROR' ? 'recording_truncated' : 'recording_malformed');
  }
}
