import { Problem } from '../../problem.js';
import type { Json } from './format.js';

/** @throws Problem recording_malformed for bytes that are no UTF-8, recording_empty for nothing. */
export function readText(file: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text: string;
  try {
    text = decoder.decode(file, { stream: true });
  } catch {
    throw new Problem('recording_malformed');
  }
  try {
    decoder.decode();
  } catch {
    // Only the last character is incomplete: the file was cut inside of it.
    throw new Problem('recording_truncated');
  }
  if (text.trim() === '') throw new Problem('recording_empty');
  return text;
}

/** One JSON document. One that simply stops before its end is truncated, not malformed. */
export function parseDocument(text: string, index?: number): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw endsInside(text)
      ? new Problem('recording_truncated')
      : new Problem('recording_malformed', index === undefined ? {} : { index });
  }
}

/** Lines of JSON. Only the last line can be cut off by a truncation, and not if its end is there. */
export function parseLines(text: string, parse: (line: string, index: number) => Json): Json[] {
  const lines = text.split('\n');
  const isEnded = lines.at(-1)?.trim() === '';
  return lines
    .filter((line) => line.trim() !== '')
    .map((line, index, all) => {
      try {
        return parse(line, index);
      } catch {
        const cut = !isEnded && index === all.length - 1 && endsInside(line);
        throw cut ? new Problem('recording_truncated') : new Problem('recording_malformed', { index });
      }
    });
}

/** Whether a JSON text ends before everything that it opened was closed. */
export function endsInside(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth < 0) return false;
  }
  return inString || depth > 0;
}
