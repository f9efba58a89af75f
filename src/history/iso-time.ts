const lastTime = 8.64e15;

/** ISO 8601. A header, or a service, may say a time that no calendar has: then the number. Total. */
export const isoTime = (at: number): string =>
  Math.abs(at) <= lastTime ? new Date(Number(at)).toISOString() : `${Number(at)} ms`;
