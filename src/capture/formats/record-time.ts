/** The end of the year 9999: past it a time is none, and no post may hold it. Epoch milliseconds. */
export const mostTime = 253_402_300_799_999;

/** A time that a post may hold: what a recording tells beyond all calendars is as late as may be. */
export const recordTime = (ms: number): number => Math.min(mostTime, Math.max(0, Math.floor(ms)));
