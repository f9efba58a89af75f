const lastTime = 8.64e15;

/** ISO 8601. A header may say a time that no calendar has: then the number. Total. */
export const isoTime = (at: number): string => (at <= lastTime ? new Date(at).toISOString() : `${at} ms`);
