import { canary } from './canaries.mjs';

export const system = [
  'You are the clerk of the Lantern Room, a small reading room.',
  'Answer from the tools: the page shelf is what visitors see, the desk shelf is for the desk only.',
  'Say plainly when something is not written down. Never repeat what a visitor told you in confidence.',
].join(' ');

const amount = (value) => value.toFixed(2);

/** First fit wins, so the narrow rules stand above the wide ones. */
export const rules = [
  {
    fits: /how much .*: (?<sum>[-\d.+*/() ]+)\?/i,
    steps: [({ sum }) => [['calculate', { expression: sum.trim() }]]],
    answer: (_, [{ value, error }]) =>
      error ? `That cannot be worked out: ${error}.` : `That comes to ${amount(value)}.`,
  },
  {
    fits: /my word for the drawer/i,
    reasoning: () => 'The visitor told me a secret. No tool needs it, and the answer must not repeat it.',
    answer: () => 'I have heard it, and I will not say it again.',
  },
  {
    fits: /locker (?<locker>\d+)/i,
    // The request number stands in the call alone: neither the question nor the answer holds it.
    steps: [
      ({ locker }) => [['search_files', { shelf: 'desk', words: `locker ${locker}`, request: canary('tool-input') }]],
    ],
    answer: ({ locker }, [{ found }]) =>
      found === 0 ? `Locker ${locker} is free.` : `Locker ${locker} is taken: the desk has ${found} notes about it.`,
  },
  {
    fits: /safe/i,
    steps: [() => [['search_files', { shelf: 'desk', words: 'safe' }]]],
    answer: (_, [{ found }]) =>
      `The desk has ${found} notes about the safe. They are for the desk, so I will not read them out.`,
  },
  {
    fits: /confirm my card/i,
    steps: [
      () => [
        ['search_files', { shelf: 'page', words: 'card is good' }],
        ['list_files', { shelf: 'desk' }],
      ],
    ],
    answer: (_, [{ matches }]) => `It is confirmed under ${canary('response')}. The rules say: ${matches[0].text}`,
  },
  {
    fits: /may I .*stove/i,
    steps: [
      () => [['search_files', { shelf: 'page', words: 'stove' }]],
      (_, [{ matches }]) => {
        const { file, line } = matches.find(({ section }) => section === 'The stove');
        return [['read_lines', { shelf: 'page', file, from: line, to: line + 4 }]];
      },
    ],
    reasoning: (_, [{ found }]) =>
      `The word stands in ${found} passages. The rule is one of them; the case is filed as ${canary('reasoning')}, ` +
      'which is for the file and not for the visitor. A short no is kinder than the whole paragraph.',
    answer: () => 'No. The stove is fed by the desk, never by readers. You may bring a dry log.',
  },
  {
    fits: /longest file/i,
    steps: [
      () => [['list_files', { shelf: 'page' }]],
      (_, [{ files }]) => files.map((file) => ['count_words', { shelf: 'page', file }]),
    ],
    reasoning: (_, [{ files }]) =>
      `A longest file needs every file: ${files.length} counts at once, then the largest wins.`,
    answer: (_, [, ...counts]) => {
      const longest = counts.reduce((best, count) => (count.words > best.words ? count : best));
      return `${longest.file}, with ${longest.words} words.`;
    },
  },
  {
    fits: /read me lines (?<from>\d+) to (?<to>\d+) of (?<file>[\w-]+\.\w+)/i,
    steps: [({ from, to, file }) => [['read_lines', { shelf: 'page', file, from: Number(from), to: Number(to) }]]],
    answer: (_, [{ lines, error }]) =>
      error
        ? `I could not: ${error}.`
        : lines
            .join(' ')
            .replace(/<[^>]*>/g, '')
            .trim(),
  },
  {
    fits: /what (?:do the rules say|is written) about (?<words>[\w ]+)\?/i,
    steps: [({ words }) => [['search_files', { shelf: 'page', words }]]],
    answer: ({ words }, [{ matches }]) => {
      const rule = matches.find(({ section }) => section !== undefined);
      return rule ? `Under “${rule.section}” it says: ${rule.text}` : `Nothing is written about ${words}.`;
    },
  },
];
