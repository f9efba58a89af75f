import type { Json } from '../capture/formats/format.js';

export interface CastEvent {
  /** Seconds since the recording began. */
  readonly at: number;
  readonly output: string;
}

/** What a masked asciicast shows, in order: it is always of v2 (`formats/asciicast.ts`), a header and then events. */
export const castEvents = (recording: readonly Json[]): CastEvent[] =>
  recording.slice(1).flatMap((event) => {
    const [at, code, output] = Array.isArray(event) ? event : [];
    return typeof at === 'number' && code === 'o' && typeof output === 'string' ? [{ at, output }] : [];
  });
