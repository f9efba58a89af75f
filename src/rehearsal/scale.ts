/** How many people were recorded, how much of each, and how much of it leaks. */
export interface Scale {
  readonly people: number;
  readonly recordsOfEach: number;
  /** Sessions that each of two old grants is about. */
  readonly granted: number;
  /** Sessions that are read under each of them while they are open. */
  readonly reads: { readonly response: number; readonly prompt: number };
  /** Subjects that one person may reach at once. */
  readonly ceiling: number;
}

export const full: Scale = { people: 1000, recordsOfEach: 100, granted: 400, reads: { response: 120, prompt: 80 }, ceiling: 100 }; // prettier-ignore
export const quick: Scale = { people: 40, recordsOfEach: 10, granted: 15, reads: { response: 6, prompt: 4 }, ceiling: 5 }; // prettier-ignore
