import fc from 'fast-check';
import { restoreTerminal, TerminalFilter } from './terminal-filter.js';

const esc = '\u001b';
const passed = (...pieces: string[]) => {
  const filter = new TerminalFilter();
  return pieces.map((piece) => filter.push(piece)).join('');
};

describe('no terminal of whoever watches', () => {
  it.each([
    ['has its clipboard written', `${esc}]52;c;aGk=\u0007`],
    ['is renamed', `${esc}]0;title${esc}\\`],
    ['is renamed, by a control of eight bits', '\u009d0;title\u009c'.slice(0, 1)],
    ['answers where its cursor is', `${esc}[6n`],
    ['answers what it is', `${esc}[c`],
    ['answers how large it is, or is resized', `${esc}[18t${esc}[8;10;10t`],
    ['reports the mouse or what is pasted', `${esc}[?1000h${esc}[?1006h${esc}[?2004h`],
    ['is sent a device string', `${esc}P+q544e${esc}\\${esc}_Gi=1${esc}\\${esc}^x${esc}\\${esc}Xx${esc}\\`],
    ['is reset, or takes other charsets', `${esc}c${esc}%G${esc}(A`],
    ['rings, or has its text turned round', '\u0007\u202e\u2066'],
    ['takes a sequence with what does not belong there', `${esc}[>4;2m${esc}[1$y${esc}[?1x`],
    ['waits for the end of one that has none', `${esc}[${'1'.repeat(100)}`.slice(0, 66)],
  ])('%s', (_what, sequence) => {
    expect(passed(`a${sequence}`)).toBe('a');
    expect(passed('a', ...sequence)).toBe('a');
  });

  it('obeys anything at all, whatever it is shown and however it is cut', () => {
    const pieces = fc.array(fc.string({ unit: fc.constantFrom(esc, '[', ']', '?', '1', ';', 'h', 'm', 'n', 'c', 'P', '\\', '\u0007', '\u009b', 'x') })); // prettier-ignore
    // eslint-disable-next-line no-control-regex -- exactly these
    const allowed = /^(?:[^\u001b\u0007\u009b]|\u001b(?:\[[\d;:]*[A-HJ-MPSTXZ@`abdefmrsuI]|\[\?(?:25|7|12|47|1047|1049)[hl]|[78DEM]|[()][B0]))*$/u; // prettier-ignore
    fc.assert(fc.property(pieces, (cut) => allowed.test(passed(...cut))));
    fc.assert(fc.property(pieces, (cut) => passed(...cut) === passed(cut.join(''))));
  });
});

it('text, colors, movements, erasing and the other screen pass', () => {
  const shown = `größer 日本\r\n\t${esc}[1;31mred${esc}[0m${esc}[2J${esc}[10;5H${esc}[K${esc}[?1049h${esc}[?25l${esc}(0qx${esc}(B${esc}7${esc}8`;
  expect(passed(shown)).toBe(shown);
  expect(passed(...shown)).toBe(shown);
});

it('what follows a sequence that was dropped is shown', () => {
  expect(passed(`${esc}]0;title\u0007a${esc}[6nb${esc}Px${esc}\\c${esc}[12${esc}[1md`)).toBe(`abc${esc}[1md`);
});

it('what it lets through to draw lines with, the terminal is rid of afterwards', () => {
  const filter = new TerminalFilter();
  for (const drawing of ['\u001b(0', '\u001b)0', '\u000e']) expect(filter.push(drawing)).toBe(drawing);
  const [, afterwards] = restoreTerminal.split('\u001b[?1049l');
  for (const text of ['\u001b(B', '\u001b)B', '\u000f', '\u001b[0m']) expect(afterwards).toContain(text);
});
