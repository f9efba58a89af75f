import type { Scale } from './scale.js';

const begun = Date.UTC(2026, 0, 1);

/** Of the person of this number; nobody real. */
export const subjectOf = (number: number) => `person-${number}`;
export const sessionOf = (number: number) => `day-of-${number}`;
export const sessionsOf = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => sessionOf(from + index)); // prettier-ignore

/** One session: questions to a model and its answers, in turn. Each has the mark in it, so that a search can find it. */
export const dayOf = (number: number, { recordsOfEach }: Scale, mark: string) => ({
  session: sessionOf(number),
  subject: subjectOf(number),
  format: 'messages',
  first: 0,
  records: Array.from({ length: recordsOfEach }, (_, index) => ({
    time: begun + index * 1000,
    data: {
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: `${mark} ${index} of ${number}: how the day goes, and what is still to do.`,
    },
  })),
});
