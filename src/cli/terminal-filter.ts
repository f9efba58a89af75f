/**
 * Scroll region and main screen as they were, and then colors, cursor, wrapping, and letters instead of lines: with the
 * main screen comes back what the recording had chosen by the time it left it.
 */
export const restoreTerminal = '\u001b[r\u001b[?1049l\u001b[0m\u001b[?25h\u001b[?7h\u000f\u001b(B\u001b)B';

/**
 * What of a recording may reach the terminal of whoever watches. A terminal obeys: it answers questions as if they had been
 * typed, writes its clipboard, renames its window, reports the mouse. So text, colors, erasing and movements pass, and
 * nothing else (ECMA-48, and xterm's private modes). Sequences may be cut between two pieces.
 */
export class TerminalFilter {
  private state: 'text' | 'escape' | 'charset' | 'sequence' | 'string' | 'string-escape' = 'text';
  private sequence = '';

  push(text: string): string {
    let passed = '';
    for (const character of text) passed += this.next(character);
    return passed;
  }

  private next(character: string): string {
    switch (this.state) {
      case 'text':
        if (character !== escape) return shows(character) ? character : '';
        this.state = 'escape';
        return '';
      case 'escape':
        return this.escaped(character);
      case 'charset': {
        this.state = 'text';
        const chosen = `${this.sequence}${character}`;
        return charsets.has(chosen) ? `${escape}${chosen}` : '';
      }
      case 'sequence':
        return this.within(character);
      case 'string':
        if (character === escape) this.state = 'string-escape';
        else if (character === '\u0007' || character === '\u009c') this.state = 'text';
        return '';
      case 'string-escape':
        this.state = character === '\\' ? 'text' : 'string';
        return '';
    }
  }

  private escaped(character: string): string {
    this.state = 'text';
    if (character === '[') [this.state, this.sequence] = ['sequence', ''];
    else if (strings.has(character)) this.state = 'string';
    else if (' #%()*+-./'.includes(character)) [this.state, this.sequence] = ['charset', character];
    else if (character === escape) this.state = 'escape';
    return single.has(character) ? `${escape}${character}` : '';
  }

  private within(character: string): string {
    if (/[\x20-\x3f]/.test(character) && this.sequence.length < longestSequence) {
      this.sequence += character;
      return '';
    }
    this.state = 'text';
    // Whatever broke it off is dropped with it; an escape begins anew.
    if (character === escape) this.state = 'escape';
    const isAllowed = moves.includes(character)
      ? /^[\d;:]*$/.test(this.sequence)
      : 'hl'.includes(character) && modes.has(this.sequence);
    return isAllowed ? `${escape}[${this.sequence}${character}` : '';
  }
}

const escape = '\u001b';
const longestSequence = 64;
/** Cursor, erasing, inserting, deleting, scrolling, colors. Not among them: n, c, t, q, p, x, which ask or tell. */
const moves = 'ABCDEFGHIJKLMPSTXZ@`abdefmrsu';
/** Cursor shown, line wrapping, the other screen. */
const modes = new Set(['?25', '?7', '?12', '?47', '?1047', '?1049']);
/** Save and restore the cursor, line feeds. */
const single = new Set(['7', '8', 'D', 'E', 'M']);
/** ASCII and line drawing. */
const charsets = new Set(['(B', '(0', ')B', ')0']);
/** DCS, SOS, OSC, PM, APC. */
const strings = new Set(['P', 'X', ']', '^', '_']);

/** Of the controls tab, line feed, carriage return, backspace and the two shifts; none of those that turn text around. */
const shows = (character: string) =>
  '\t\n\r\b\u000e\u000f'.includes(character) || !/[\p{Cc}\p{Cs}\p{Bidi_Control}]/u.test(character);
