import { Problem } from '../../problem.js';
import type { Cutter } from './cutter.js';
import type { CutRecord, Json } from './format.js';
import { isFrame } from './frames.js';
import { JsonScanner } from './json-scanner.js';
import { lineCutter } from './line-cutter.js';
import { isJson } from './read-documents.js';
import { parseDocument } from './read-recording.js';
import { cutLists } from './frames.js';
import { mostDepthOfWrapper, readList, timed, type ListOf } from './record-list.js';

/** As `readList` cuts a whole: it finds out first how the recording is written, then goes through it once. */
export function listCutter(of: ListOf, clock: (record: Json) => number): Cutter {
  let inside: Cutter | undefined;
  const search = new ListSearch(of);
  return {
    push(text) {
      if (inside !== undefined) return inside.push(text);
      const found = search.push(text);
      if (found === undefined) return [];
      inside = found === 'lines' ? linesOf(of, clock) : elementsOf(of, clock, found);
      return inside.push(found === 'lines' ? search.text : search.text.slice(found.end));
    },
    end() {
      if (inside !== undefined) return inside.end();
      if (search.text.trim() === '') throw new Problem('recording_empty');
      // Small, or nothing that was found: an empty list, one record, or none of the format.
      return { first: [], last: timed(readList(search.text, of), clock) };
    },
  };
}

interface FoundList {
  readonly path: readonly string[];
  /** Of the text, up to and with the bracket. */
  readonly end: number;
  readonly before: string;
}

/** Reads on until it knows whether there are lines, or where the list of records begins. */
class ListSearch {
  text = '';
  #sawLineEnd = false;
  #lineEnd = -1;
  readonly #scanner = new JsonScanner();
  /** Keys of the objects that are open; undefined where it is a list, or where nothing is sought any more. */
  readonly #path: (string | undefined)[] = [];
  #keyStart = 0;
  #candidate: { readonly start: number; readonly depth: number } | undefined;

  constructor(private readonly of: ListOf) {}

  push(more: string): 'lines' | FoundList | undefined {
    // In what is new only: a line may be as long as the recording.
    if (this.#lineEnd < 0 && more.includes('\n')) this.#lineEnd = this.text.length + more.indexOf('\n');
    const before = this.text.length;
    this.text += more;
    const end = this.#lineEnd;
    if (!this.#sawLineEnd && end >= 0 && this.text.slice(end).trim() !== '') {
      this.#sawLineEnd = true;
      if (isJson(this.text.slice(0, end))) return 'lines';
    }
    for (let mark = this.#scanner.next(more, 0); mark !== undefined; mark = this.#scanner.next(more, mark.at + 1)) {
      const found = this.#take(mark.mark, before + mark.at);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #take(mark: string, at: number): FoundList | undefined {
    const { depth } = this.#scanner;
    const candidate = this.#candidate;
    if (candidate !== undefined) {
      const isEnd =
        (mark === 'comma' && depth === candidate.depth) || (mark === 'close' && depth === candidate.depth - 1);
      if (!isEnd) return undefined;
      this.#candidate = undefined;
      if (isKnownText(this.text.slice(candidate.start, at), this.of)) {
        return { path: this.#path as string[], end: candidate.start, before: this.text.slice(0, candidate.start) };
      }
    }
    if (mark === 'open-object' || mark === 'comma') this.#keyStart = at + 1;
    if (mark === 'colon' && depth <= mostDepthOfWrapper)
      this.#path[depth - 1] = keyIn(this.text.slice(this.#keyStart, at));
    // The keys of objects that are closed lead nowhere any more.
    if (mark === 'close') this.#path.length = Math.min(this.#path.length, Math.max(0, depth));
    if (mark === 'open-list') {
      const isInObjects = depth - 1 <= mostDepthOfWrapper && this.#path.length === depth - 1;
      if (isInObjects && !this.#path.includes(undefined)) this.#candidate = { start: at + 1, depth };
    }
    return undefined;
  }
}

const keyIn = (text: string): string | undefined => {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
};

function isKnownText(text: string, { isKnown }: ListOf): boolean {
  try {
    return isKnown(JSON.parse(text) as Json);
  } catch {
    return false;
  }
}

function linesOf({ usual, isKnown, isRecord = isKnown }: ListOf, clock: (record: Json) => number): Cutter {
  let isAnyKnown = false;
  const lines = lineCutter((line, index) => {
    const data = JSON.parse(line) as Json;
    if (!isRecord(data) || isFrame(data)) throw new Problem('recording_malformed', { index });
    isAnyKnown ||= isKnown(data);
    return { time: clock(data), data };
  });
  let firstTime: number | undefined;
  const noted = (records: readonly CutRecord[]) => {
    firstTime ??= records[0]?.time;
    return records;
  };
  return {
    push: (text) => noted(lines.push(text)),
    end() {
      const { last } = lines.end();
      noted(last);
      if (!isAnyKnown) throw new Problem('recording_malformed');
      return { first: usual === 'lines' ? [] : [{ time: firstTime ?? 0, data: { frame: null } }], last };
    },
  };
}

/** The elements of a list, each as it is complete, and what stands around them at the end. */
function elementsOf(
  { usual, isKnown, isRecord = isKnown }: ListOf,
  clock: (record: Json) => number,
  { path, before }: FoundList,
): Cutter {
  const scanner = new JsonScanner();
  const pending: string[] = [];
  const after: string[] = [];
  let index = 0;
  let isClosed = false;
  let firstTime: number | undefined;

  const take = (piece: string): CutRecord => {
    pending.push(piece);
    const data = parsed(pending.splice(0).join(''), index);
    if (!isRecord(data) || isFrame(data)) throw new Problem('recording_malformed', { index });
    index += 1;
    const time = clock(data);
    firstTime ??= time;
    return { time, data };
  };
  return {
    push(text) {
      const records: CutRecord[] = [];
      let from = 0;
      for (let at = 0; !isClosed;) {
        const found = scanner.next(text, at);
        if (found === undefined) {
          pending.push(text.slice(from));
          return records;
        }
        at = found.at + 1;
        isClosed = scanner.depth < 0;
        // A list that a brace ends is none.
        if (isClosed && text[found.at] !== ']') throw new Problem('recording_malformed', { index });
        if (!isClosed && (found.mark !== 'comma' || scanner.depth > 0)) continue;
        records.push(take(text.slice(from, found.at)));
        from = at;
      }
      after.push(text.slice(from));
      return records;
    },
    end() {
      if (!isClosed) throw new Problem('recording_truncated');
      const document = parseDocument(`${before}]${after.join('')}`);
      if (usual === 'array' && path.length === 0) return { first: [], last: [] };
      const [frame] = cutLists(document, [path]);
      return { first: [{ time: firstTime ?? 0, data: frame as Json }], last: [] };
    },
  };
}

function parsed(text: string, index: number): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Problem('recording_malformed', { index });
  }
}
