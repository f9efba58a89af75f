import { plainBytes } from './bytes.js';

/** Node's `inspect.custom`, by the name that it is registered under: browsers have none. */
const inspected = Symbol.for('nodejs.util.inspect.custom');

/**
 * The bytes of a key, in a wrapper that no log line, error or JSON text can see through.
 * It takes the bytes over: `wipe` zeroes them in place, so keep no other reference.
 *
 * Wiping shortens how long a key can be read from memory. It is no proof that no copy is left: the engine
 * and libsodium's own memory may hold one until they reuse it.
 */
export class Secret {
  #bytes: Uint8Array | undefined;

  constructor(bytes: Uint8Array) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`Secret: expected bytes, got ${typeof bytes}`);
    this.#bytes = plainBytes(bytes);
  }

  /** @throws Error after `wipe`: zeroes must never serve as a key. */
  get bytes(): Uint8Array {
    if (this.#bytes === undefined) throw new Error('the secret was wiped');
    return this.#bytes;
  }

  wipe(): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }

  toString(): string {
    return this.#bytes === undefined ? '[Secret wiped]' : `[Secret ${this.#bytes.length} bytes]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspected](): string {
    return this.toString();
  }
}
