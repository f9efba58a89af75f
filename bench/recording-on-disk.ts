import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { chunkBytes } from '../src/capture/formats/video.js';

export interface OnDisk {
  readonly format: 'rrweb' | 'asciicast' | 'video';
  readonly path: string;
  readonly records: number;
}

const startedAt = Date.UTC(2026, 5, 1);
const words = 'the quick brown fox jumps over a lazy dog while nobody looks at what it writes down here'.split(' ');

/** A recording of at least so many bytes, written as it grows. The same each time, and no two records alike. */
export async function writeRecording(format: OnDisk['format'], path: string, bytes: number): Promise<OnDisk> {
  if (format === 'video') return writeVideo(path, bytes);
  const file = createWriteStream(path);
  const [open, close] = format === 'rrweb' ? ['[', ']'] : ['{"version":2,"width":80,"height":24}\n', ''];
  let written = 0;
  // The header of a terminal recording is a record too.
  let records = format === 'rrweb' ? 0 : 1;
  const put = async (text: string) => {
    written += text.length;
    if (!file.write(text)) await once(file, 'drain');
  };
  await put(open);
  for (let index = 0; written < bytes; index += 1) {
    const line = format === 'rrweb' ? JSON.stringify(pageRecord(index)) : JSON.stringify([index / 100, 'o', textOf(index, 60)]); // prettier-ignore
    await put(format === 'rrweb' ? `${index === 0 ? '' : ','}${line}` : `${line}\n`);
    records += 1;
  }
  await put(close);
  file.end();
  await once(file, 'close');
  return { format, path, records };
}

/** Begins as WebM does, and nothing after that can be packed any more, as in a video. */
async function writeVideo(path: string, bytes: number): Promise<OnDisk> {
  const mark = Buffer.from('1a45dfa3', 'hex');
  const noise = createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16));
  const file = createWriteStream(path);
  file.write(mark);
  let written = mark.length;
  for (const zeros = Buffer.alloc(2 ** 20); written < bytes; written += zeros.length) {
    if (!file.write(noise.update(zeros))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  return { format: 'video', path, records: Math.ceil(written / chunkBytes) };
}

/** Mostly changes of a page, which is where the bytes of a recording are; keys between them. */
function pageRecord(index: number) {
  const timestamp = startedAt + index * 50;
  if (index % 5 === 0) {
    return { type: 3, data: { source: 5, text: textOf(index, 8), isChecked: false, id: 7 + (index % 20) }, timestamp };
  }
  const adds = Array.from({ length: 6 }, (_, at) => ({
    parentId: 4,
    nextId: null,
    node: { type: 3, textContent: textOf(index * 7 + at, 40), id: 1000 + index * 6 + at },
  }));
  return { type: 3, data: { source: 0, texts: [], attributes: [], removes: [], adds }, timestamp };
}

const textOf = (index: number, count: number): string =>
  Array.from({ length: count }, (_, at) => words[(index * 31 + at * at * 7 + at) % words.length]).join(' ') +
  ` ${index}`;
