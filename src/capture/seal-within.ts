/** Names to Nest's injector how many milliseconds a post of records waits at most for others of its session. */
export const SEAL_WITHIN_MS = Symbol('seal-within-ms');
export const defaultSealWithinMs = 500;
