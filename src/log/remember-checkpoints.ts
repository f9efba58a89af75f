import type { CheckpointKeeper } from './checkpoint-keeper.js';

/**
 * The longest that an acknowledged entry goes unremembered. Not before every acknowledgement: that would be a second
 * fsync on the way of each (docs/decisions/0017). A restored backup is older than this.
 */
export const rememberWithinMs = 250;

export interface Remembering {
  /** Rejects while the last attempt failed: for the readiness of the process. */
  check(): Promise<void>;
  /** Keeps the last one and stops. @throws Problem checkpoint_file_unusable */
  close(): Promise<void>;
}

/** Keeps what `current` gives, a signed checkpoint that this process has verified, whenever it has moved on. */
export function rememberCheckpoints(keeper: CheckpointKeeper, current: () => string): Remembering {
  let kept = '';
  let failure: unknown;
  let running: Promise<void> | undefined;

  const remember = async () => {
    const note = current();
    if (note === kept || note === '') return;
    await keeper.keep(note);
    kept = note;
  };
  const attempt = () => {
    running ??= remember()
      .then(
        () => (failure = undefined),
        (error: unknown) => (failure = error),
      )
      .then(() => (running = undefined));
  };
  const timer = setInterval(attempt, rememberWithinMs);
  return {
    check: async () => {
      if (failure !== undefined) throw failure;
    },
    close: async () => {
      clearInterval(timer);
      await running;
      await remember();
    },
  };
}
