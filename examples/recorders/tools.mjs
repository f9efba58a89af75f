import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const mostMatches = 12;

/**
 * The tools that the clerk really calls. Each takes the arguments that the call carries and returns what
 * the tool message will hold; a failure is thrown as an Error whose message the clerk may read.
 * @param {Record<string, string>} shelves folder by the name that a call gives it
 */
export function toolsOver(shelves) {
  const folder = (shelf) => {
    if (!Object.hasOwn(shelves, shelf)) throw new Error('no such shelf');
    return shelves[shelf];
  };
  const linesOf = async (shelf, file) => {
    if (!(await readdir(folder(shelf))).includes(file)) throw new Error('no such file');
    return (await readFile(join(folder(shelf), file), 'utf8')).split('\n');
  };

  return {
    async calculate({ expression }) {
      return { expression, value: calculate(expression) };
    },

    async list_files({ shelf }) {
      return { shelf, files: (await readdir(folder(shelf))).sort() };
    },

    async search_files({ shelf, words }) {
      const matches = [];
      for (const file of (await readdir(folder(shelf))).sort()) {
        const text = (await linesOf(shelf, file)).join('\n');
        const passages = file.endsWith('.html') ? htmlPassages(text) : linePassages(text);
        for (const passage of passages) {
          const said = `${passage.section ?? ''} ${passage.text}`.toLowerCase();
          if (said.includes(words.toLowerCase())) matches.push({ file, ...passage });
        }
      }
      return { shelf, words, found: matches.length, matches: matches.slice(0, mostMatches) };
    },

    async read_lines({ shelf, file, from, to }) {
      const lines = (await linesOf(shelf, file)).slice(from - 1, to);
      return { shelf, file, from, lines: lines.map((line) => line.trim()) };
    },

    async count_words({ shelf, file }) {
      const text = (await linesOf(shelf, file)).join(' ').replace(/<[^>]*>/g, ' ');
      return { shelf, file, words: text.split(/\s+/).filter(Boolean).length };
    },
  };
}

/** What a visitor reads as one piece, under its heading, with the line of the file that it starts on. */
function htmlPassages(text) {
  const passages = [];
  let section;
  for (const { index, 1: tag, 2: inner } of text.matchAll(/<(p|h2|h3|li|label|option)\b[^>]*>(.*?)<\/\1>/gs)) {
    const words = inner
      .replace(/<[^>]*>/g, '')
      .replace(/\s+/g, ' ')
      .trim();
    if (tag === 'h2' || tag === 'h3') section = words;
    else passages.push({ line: text.slice(0, index).split('\n').length, section, text: words });
  }
  return passages;
}

const linePassages = (text) => text.split('\n').map((line, index) => ({ line: index + 1, text: line.trim() }));

/** Works out + - * / and brackets, rounded to cents. Reads the text itself: `eval` is not a calculator. */
export function calculate(expression) {
  const tokens = expression.match(/\d+(?:\.\d+)?|[-+*/()]/g) ?? [];
  if (tokens.join('') !== expression.replaceAll(' ', '')) throw new Error('not a calculation');
  let next = 0;

  const sum = () => {
    let value = product();
    while (tokens[next] === '+' || tokens[next] === '-') value += tokens[next++] === '+' ? product() : -product();
    return value;
  };
  const product = () => {
    let value = factor();
    while (tokens[next] === '*' || tokens[next] === '/') {
      if (tokens[next++] === '*') value *= factor();
      else {
        const divisor = factor();
        if (divisor === 0) throw new Error('division by zero');
        value /= divisor;
      }
    }
    return value;
  };
  const factor = () => {
    const token = tokens[next++];
    if (token === '-') return -factor();
    if (token === '(') {
      const value = sum();
      if (tokens[next++] !== ')') throw new Error('a bracket is left open');
      return value;
    }
    if (token === undefined || !/^\d/.test(token)) throw new Error('a number is missing');
    return Number(token);
  };

  const value = sum();
  if (next !== tokens.length) throw new Error('something is left over');
  return Math.round(value * 100) / 100;
}
