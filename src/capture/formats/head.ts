import type { Json } from './format.js';

/** Bytes of a recording by which its format is told. */
export const headBytes = 64 * 1024;

/** The beginning of a recording. Where it is cut, what it had opened is closed, and what was not whole is left out. */
export interface Head {
  readonly bytes: Uint8Array;
  readonly text: string;
  /** The first JSON value as far as it goes; undefined if it is none. */
  readonly document: Json | undefined;
  /** The first lines, parsed; none if the first one is not whole or no JSON. */
  readonly lines: readonly Json[];
}

const mostLines = 20;

/** `bytes` may be all of the recording or more than the head; never throws. */
export function headOf(bytes: Uint8Array): Head {
  const head = bytes.subarray(0, headBytes);
  const text = new TextDecoder('utf-8').decode(head);
  return { bytes: head, text, document: beginningOf(text), lines: linesOf(text) };
}

function linesOf(text: string): Json[] {
  const found: Json[] = [];
  const complete = text.split('\n', mostLines);
  for (const line of complete) {
    if (line.trim() === '') continue;
    const value = parsed(line);
    if (value === undefined) break;
    found.push(value);
  }
  return found;
}

/** As much of the JSON value as is there: up to the last comma or bracket outside of a string, then closed. */
function beginningOf(text: string): Json | undefined {
  const whole = parsed(text);
  if (whole !== undefined) return whole;
  const open: string[] = [];
  /** Nothing was opened or closed behind it. */
  let end = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === ',' || character === '}' || character === ']') {
      if (character !== ',' && open.pop() !== character) return undefined;
      end = character === ',' ? at : at + 1;
      if (open.length === 0) break;
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? '}' : ']');
      end = at + 1;
    }
  }
  return parsed(text.slice(0, end) + open.reverse().join(''));
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
