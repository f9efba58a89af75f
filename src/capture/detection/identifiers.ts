import validator from 'validator';

/** Identifiers that carry a checksum: without one, half of all numbers would be somebody's. */
export type Identifier = 'card' | 'iban' | 'national_id';

interface Kind {
  readonly identifier: Identifier;
  /** Finds what may be one, whole or as its first group. Linear: no nested repetition, and a bound on every run. */
  readonly candidates: RegExp;
  readonly isOne: (candidate: string) => boolean;
}

/** What is as it is printed on a card, or without blanks: other numbers may stand before and behind it. */
const printedCard = /(?<![\d.])(?=(\d{13,19}|\d{4}([ -])\d{4}\2\d{4}\2\d{4}|\d{4}([ -])\d{6}\3\d{4,5})(?!\.?\d))/g;

/** Its first words, as many as make one: those behind it may look as if they were of it. */
const beginsWithIban = (text: string): boolean =>
  [...text.matchAll(/ |$/g)].some(({ index }) => validator.isIBAN(text.slice(0, index)));

/** Countries whose numbers have a strong check: a letter, two digits, or the length of two. */
const countries = ['ES', 'FI', 'NO', 'zh-CN'] as const;

const kinds: readonly Kind[] = [
  {
    identifier: 'card',
    candidates: /(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])/g,
    isOne: (text) => validator.isCreditCard(text),
  },
  {
    identifier: 'card',
    candidates: printedCard,
    isOne: (text) => validator.isCreditCard(text),
  },
  {
    identifier: 'iban',
    candidates: /(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Z0-9])/g,
    isOne: beginsWithIban,
  },
  {
    identifier: 'national_id',
    candidates: /(?<![A-Za-z0-9])(?:\d{11}|[XYZ\d]\d{7}[A-Z]|\d{6}[-+A]\d{3}[A-Z\d]|\d{17}[\dXx]|[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z])(?![A-Za-z0-9])/g, // prettier-ignore
    isOne: (text) =>
      countries.some((country) => validator.isIdentityCard(text, country)) || validator.isTaxID(text, 'it-IT'),
  },
];

export function identifiersIn(text: string): Identifier[] {
  return kinds.filter((kind) => isIn(text, kind)).map(({ identifier }) => identifier);
}

function isIn(text: string, { candidates, isOne }: Kind): boolean {
  for (const [all, first] of text.matchAll(candidates)) if (isOne(first ?? all)) return true;
  return false;
}
