const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** What stands at a place of a JSON text, outside of strings. */
export type Mark = 'open-list' | 'open-object' | 'close' | 'comma' | 'colon';

/**
 * Walks through a JSON text that comes in pieces, and tells where its structure is. It checks nothing: what it marks
 * off is parsed by `JSON.parse`.
 */
export class JsonScanner {
  /** Containers that are open. */
  depth = 0;
  #inString = false;
  #isEscaped = false;

  /** The next mark from `from` on, and where it is; undefined if this piece has none any more. */
  next(text: string, from: number): { readonly mark: Mark; readonly at: number } | undefined {
    for (let at = from; at < text.length; at += 1) {
      if (this.#inString) {
        at = this.#endOfString(text, at);
        if (at === -1) return undefined;
        continue;
      }
      const mark = this.#markOf(text.charCodeAt(at));
      if (mark !== undefined) return { mark, at };
    }
    return undefined;
  }

  /** Where the string ends that began before `from`; -1 if it goes on past this piece. */
  #endOfString(text: string, from: number): number {
    for (let at = from; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (this.#isEscaped) this.#isEscaped = false;
      else if (code === backslash) this.#isEscaped = true;
      else if (code === quote) {
        this.#inString = false;
        return at;
      }
    }
    return -1;
  }

  #markOf(code: number): Mark | undefined {
    switch (code) {
      case quote:
        this.#inString = true;
        return undefined;
      case openBrace:
      case openBracket:
        this.depth += 1;
        return code === openBrace ? 'open-object' : 'open-list';
      case closeBrace:
      case closeBracket:
        this.depth -= 1;
        return 'close';
      case comma:
        return 'comma';
      case colon:
        return 'colon';
      default:
        return undefined;
    }
  }
}
