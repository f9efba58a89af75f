import { Token, Tokenizer, Type, type DecodeOptions } from 'cborg';
import { plainBytes } from './bytes.js';

export interface CborBounds {
  /** Containers inside containers: the decoder recurses, and the stack ends somewhere. */
  readonly levels: number;
  /** Values, keys and tags: one byte of CBOR can become some 30 bytes of memory. */
  readonly items: number;
}

/** What cborg itself can be told to refuse (RFC 8949 §4.2.1). The tokenizer refuses the rest. */
export const strictDecoding = {
  strict: true,
  allowIndefinite: false,
  allowBigInt: false,
  allowNaN: false,
  allowInfinity: false,
  rejectDuplicateMapKeys: true,
} as const satisfies DecodeOptions;

/**
 * cborg's tokens, within bounds, and with the text that was written. cborg 6.1.5 alone recurses without a limit,
 * drops a byte order mark at the start of a text, and reads bytes that are no UTF-8 as U+FFFD.
 */
export class StrictTokenizer extends Tokenizer {
  /** How many items each open container still lacks, outermost first. */
  readonly #lacking: number[] = [];
  readonly #bounds: CborBounds;
  #items = 0;

  constructor(bytes: Uint8Array, bounds: CborBounds) {
    super(plainBytes(bytes), strictDecoding);
    this.#bounds = bounds;
  }

  override next(): Token {
    const start = this.pos();
    const token = super.next();
    this.#items += 1;
    if (this.#items > this.#bounds.items) throw new RangeError(`CBOR: more than ${this.#bounds.items} items`);
    this.#countLevels(token);
    return token.type === Type.string ? this.#exactText(token, start) : token;
  }

  #countLevels(token: Token): void {
    const lacking = this.#lacking;
    if (lacking.length > 0) lacking[lacking.length - 1]! -= 1;
    const inside = itemsInside(token);
    if (inside > 0) lacking.push(inside);
    if (lacking.length > this.#bounds.levels) throw new RangeError(`CBOR: more than ${this.#bounds.levels} levels`);
    while (lacking.length > 0 && lacking[lacking.length - 1] === 0) lacking.pop();
  }

  #exactText(token: Token, start: number): Token {
    const written = this.data.subarray(start + headBytes(this.data[start]!), this.pos());
    // Both faults show in cborg's own result, so that only a suspicious text is decoded twice.
    if (written[0] !== byteOrderMark[0] && !(token.value as string).includes('\ufffd')) return token;
    return new Token(Type.string, exactUtf8.decode(written), token.encodedLength);
  }
}

const byteOrderMark = [0xef, 0xbb, 0xbf] as const;
const exactUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The initial byte of an item, and the length after it (RFC 8949 §3). */
const headBytes = (initial: number): number => [2, 3, 5, 9][(initial & 31) - 24] ?? 1;

function itemsInside({ type, value }: Token): number {
  switch (type) {
    case Type.array:
      return value as number;
    case Type.map:
      return 2 * (value as number);
    case Type.tag:
      return 1;
    default:
      return 0;
  }
}
