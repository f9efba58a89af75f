// Checks that each recording holds what README.md says of it, and nothing of the machine that made it.
// Usage: node check-recordings.mjs            all of examples/
//        node check-recordings.mjs NAME PATH  a fresh recording at PATH, before it becomes examples/NAME
import { existsSync, readFileSync } from 'node:fs';
import { homedir, hostname, tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { canaries, examplesDir } from './canaries.mjs';
import { readAsciicast, readMessages, readRrweb, readVideo } from './read-recordings.mjs';

const recordings = {
  'sign-up.rrweb.json': { read: readRrweb, leastRecords: 200, mostRecords: 800 },
  'shell.cast': { read: readAsciicast, leastRecords: 150, mostRecords: 1500 },
  'assistant.messages.json': { read: readMessages, leastRecords: 60, mostRecords: 400 },
  'desk.webm': { read: readVideo, leastRecords: 20, mostRecords: 300 },
};
/** A video is no text: as latin1 every byte is a character of its own. */
const encodingOf = (name) => (name.endsWith('.webm') ? 'latin1' : 'utf8');
const leastBytes = 20_000;
const mostBytes = 400_000;

/**
 * What is wrong with a recording, one sentence each; empty if nothing is. Each canary must stand whole in
 * one record of each field that canaries.json names for it, and in no field that it does not name.
 */
export function findings(name, text) {
  const { read, leastRecords, mostRecords } = recordings[name];
  const { records, texts, problems } = read(text);
  const bytes = Buffer.byteLength(text, encodingOf(name));
  return [
    ...problems,
    ...(bytes < leastBytes || bytes > mostBytes ? [`${bytes} bytes`] : []),
    ...(records < leastRecords || records > mostRecords ? [`${records} records`] : []),
    ...machineTraces(readable(name, text)),
    ...misplacedCanaries(name, texts),
  ].map((problem) => `${name}: ${problem}`);
}

/** Of a video, the texts in it: any two letters stand somewhere among its compressed bytes. */
const readable = (name, text) =>
  encodingOf(name) === 'utf8' ? text : (text.match(/[\x20-\x7e]{6,}/g) ?? []).join('\n');

function misplacedCanaries(name, texts) {
  return canaries.flatMap(({ canary, name: planted, field, file }) => {
    const expected = canaries.filter((row) => row.canary === canary && row.file === name).map((row) => row.field);
    const actual = Object.keys(texts).filter((key) => texts[key].some((one) => one.includes(canary)));
    return [
      ...(file === name && !actual.includes(field) ? [`canary ${planted} is not whole in ${field}`] : []),
      ...actual.filter((key) => !expected.includes(key)).map((key) => `canary ${planted} is in ${key}`),
    ];
  });
}

/** Machine names and folders; a short host name would be found in ordinary words, so it must stand alone. */
function machineTraces(text) {
  const folders = [homedir(), tmpdir(), process.cwd(), '/home/', '/root', '/Users/', 'file://'];
  const found = folders.filter((folder) => folder.length > 1 && text.includes(folder));
  const host = hostname().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const hostStandsAlone = new RegExp(`(?<![\\w-])${host}(?![\\w-])`);
  return [
    ...(found.length > 0 ? ['holds a folder of a machine'] : []),
    ...(hostStandsAlone.test(text) ? ['holds the host name'] : []),
  ];
}

function main([name, path]) {
  const targets = name
    ? [[name, pathToFileURL(path)]]
    : Object.keys(recordings).map((one) => [one, new URL(one, examplesDir)]);
  const problems = targets.flatMap(([one, url]) =>
    existsSync(url) ? findings(one, readFileSync(url, encodingOf(one))) : [`${one}: missing`],
  );
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(`checked: ${targets.map(([one]) => one).join(', ')}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
