import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { Format } from '../capture/formats/format.js';
import { maskedRecording, maskedRecords, type DisclosedRecording } from './masked-recording.js';
import { print, printResult, visible } from './output.js';
import { wrongUse } from './refusal.js';

/**
 * `to` is a file, or true for standard output. Nothing is written of a disclosure that broke off; but what comes in pieces
 * is on standard output by then, as records are without `--recording`.
 */
export async function writeRecording(to: true | string, disclosed: DisclosedRecording, json: boolean): Promise<void> {
  const { formatOf } = await import('../capture/formats/formats.js');
  const { piece } = formatOf(disclosed.format) as Format;
  if (piece !== undefined) return writePieces(to, disclosed, piece, json);
  const { format, events, count } = await maskedRecording(disclosed);
  const bytes = format.assemble(events);
  if (to === true) return show(bytes);
  await writePrivate(to, bytes, '--recording');
  await told(to, disclosed, count, json);
}

/** A recording that may be larger than memory: beside its place until all of it is there. */
async function writePieces(
  to: true | string,
  disclosed: DisclosedRecording,
  piece: NonNullable<Format['piece']>,
  json: boolean,
): Promise<void> {
  let count = 0;
  async function* pieces() {
    for await (const record of maskedRecords(disclosed)) {
      count += 1;
      yield piece(record);
    }
  }
  if (to === true) {
    for await (const bytes of pieces()) await show(bytes);
    return;
  }
  await writePrivate(to, pieces(), '--recording');
  await told(to, disclosed, count, json);
}

/** One page that plays it, and asks nobody for anything. @throws Problem usage if no player knows the format */
export async function writePage(to: string, disclosed: DisclosedRecording, json: boolean): Promise<void> {
  const { hasPlayer, playerPage } = await import('./player-page.js');
  // Before it is read: one of another format may be larger than memory.
  if (!hasPlayer(disclosed.format)) throw wrongUse('--html', 'with a recording of rrweb or asciicast only');
  const recording = await maskedRecording(disclosed);
  await writePrivate(to, (await playerPage(disclosed.session, recording)) as string, '--html');
  await told(to, disclosed, recording.count, json);
}

/** A terminal would obey what somebody captured; a program behind a pipe has every byte of it. */
const show = (bytes: Uint8Array): Promise<void> =>
  print(process.stdout.isTTY ? visible(Buffer.from(bytes).toString('utf8')) : bytes);

/** It is personal data: for whoever asked, and nobody else on the machine. */
const ownerOnly = 0o600;
type Content = Uint8Array | string | AsyncIterable<Uint8Array>;

async function writePrivate(to: string, content: Content, option: string): Promise<void> {
  const place = await realpath(to).catch(() => to);
  // A pipe or a device takes what comes, and must not become a file.
  const mayBeFile = await stat(place).then(
    (found) => found.isFile(),
    () => true,
  );
  await (mayBeFile ? replaceFile : writeInto)(place, content, option);
}

/** A new file in the place of the old one, whose mode may let others read it. */
async function replaceFile(place: string, content: Content, option: string): Promise<void> {
  const part = `${place}.part`;
  await rm(part, { force: true }).catch(() => unwritable(option));
  const file = await open(part, 'wx', ownerOnly).catch(() => unwritable(option));
  try {
    await writeFile(file, content).finally(() => file.close());
    await rename(part, place).catch(() => unwritable(option));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function writeInto(place: string, content: Content, option: string): Promise<void> {
  const file = await open(place, 'w').catch(() => unwritable(option));
  await writeFile(file, content).finally(() => file.close());
}

function unwritable(option: string): never {
  throw wrongUse(option, 'a place that can be written');
}

const told = (file: string, { session, format }: DisclosedRecording, records: number, json: boolean) =>
  printResult(json, { session, format, records, file }, () => `${records} records: ${file}`);
