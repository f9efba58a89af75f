import { writeFile } from 'node:fs/promises';
import { maskedRecording, type DisclosedRecording } from './masked-recording.js';
import { print, printResult } from './output.js';
import { wrongUse } from './refusal.js';

/** `to` is a file, or true for standard output. Nothing is written of a disclosure that broke off. */
export async function writeRecording(to: true | string, disclosed: DisclosedRecording, json: boolean): Promise<void> {
  const { format, events, count } = await maskedRecording(disclosed);
  const bytes = format.assemble(events);
  if (to === true) return print(bytes);
  await writePrivate(to, bytes, '--recording');
  await told(to, disclosed, count, json);
}

/** One page that plays it, and asks nobody for anything. @throws Problem usage if no player knows the format */
export async function writePage(to: string, disclosed: DisclosedRecording, json: boolean): Promise<void> {
  const { playerPage } = await import('./player-page.js');
  const recording = await maskedRecording(disclosed);
  const page = await playerPage(disclosed.session, recording);
  if (page === undefined) throw wrongUse('--html', 'with a recording of rrweb or asciicast only');
  await writePrivate(to, page, '--html');
  await told(to, disclosed, recording.count, json);
}

/** It is personal data: for whoever asked, and nobody else on the machine. */
async function writePrivate(to: string, content: Uint8Array | string, option: string): Promise<void> {
  await writeFile(to, content, { mode: 0o600 }).catch(() => {
    throw wrongUse(option, 'a place that can be written');
  });
}

const told = (file: string, { session, format }: DisclosedRecording, records: number, json: boolean) =>
  printResult(json, { session, format, records, file }, () => `${records} records: ${file}`);
