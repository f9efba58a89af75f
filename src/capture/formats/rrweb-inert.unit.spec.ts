import { inertAttributes, inertCss, inertTag } from './rrweb-inert.js';

/** What a browser would take for a function or a rule that fetches, with every escape resolved. */
const fetches = (css: string) =>
  /(?<![\w-])url\((?!\s*["']?(#|data:image\/png))|image-set\(|(?<![\w-])src\(|@import/i.test(
    css.replace(/\\([0-9a-f]{1,6})\s?/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16) || 1)),
  );

describe('CSS of a masked page fetches nothing', () => {
  it.each([
    'a{background:url(http://x/y)}',
    'a{background:URL( "//x/y" )}',
    "@import 'http://x';",
    '@IMPORT url(http://x);',
    'a{background:\\75 rl(http://x)}',
    'a{background:\\000075rl(http://x)}',
    'a{background:u\\72 \\6c(http://x)}',
    'a{background:\\url(http://x)}',
    '@\\69mport "http://x";',
    '@\\import "http://x";',
    'a{background:image-set("http://x" 1x)}',
    'a{background:-webkit-image-set(url(http://x) 1x)}',
    'a{background:url(data:image/svg+xml,<svg/>)}',
    'a{background:url(data:text/html,x)}',
    '@font-face{src:url(#a),url(/b)}',
  ])('%s', (css) => {
    expect(fetches(css) || /\\[a-z]/i.test(css) || css.includes('svg')).toBe(true);
    expect(fetches(inertCss(css))).toBe(false);
    expect(inertCss(inertCss(css))).toBe(inertCss(css));
  });

  it('not even by an escaped backslash that an escape seems to follow', () => {
    expect(inertCss('a{b:\\\\75rl(x)}')).toBe('a{b:\\\\75rl(x)}');
  });

  it.each([
    'a{color:red}',
    'a{fill:url(#g)}',
    'a{background:url("data:image/png;base64,AA==")}',
    'a{top:calc(1px + 2px)}',
  ])('and else stays as it was: %s', (css) => expect(inertCss(css)).toBe(css));
});

describe('attributes of a masked page fetch and run nothing', () => {
  it.each<[string, string, unknown]>([
    ['src', 'http://x', 'about:blank'],
    ['SRC', '/x', 'about:blank'],
    ['src', 'data:text/html,x', 'about:blank'],
    ['src', 'data:image/png;base64,AA', 'data:image/png;base64,AA'],
    ['srcset', 'data:image/png;base64,AA', 'data:image/png;base64,AA'],
    ['xlink:href', 'http://x', 'about:blank'],
    ['rr_dataURL', 'http://x', undefined],
    ['rr_dataURL', 'data:image/png;base64,AA', 'data:image/png;base64,AA'],
    ['rr_width', '12.5px', '12.5px'],
    ['rr_src', 'http://x', 'about:blank'],
    ['http-equiv', 'refresh', undefined],
    ['onerror', 'x()', undefined],
    ['srcdoc', '<img src=x>', undefined],
    ['style', 'background:url(x)', 'background:none(x)'],
    ['_cssText', '@import "x"', '@none "x"'],
    ['fill', 'url(http://x#a)', undefined],
    ['values', 'a;http://x', undefined],
    ['xmlns', 'http://www.w3.org/2000/svg', 'http://www.w3.org/2000/svg'],
    ['title', 'see http://x', 'see http://x'],
    ['class', 'a', 'a'],
  ])('%s="%s"', (name, value, inert) => expect(inertAttributes({ [name]: value })[name]).toBe(inert));

  it.each([
    ['script', 'noscript'],
    ['BASE', 'div'],
    ['object', 'div'],
    ['animate', 'g'],
    ['a b', 'div'],
    ['my-part', 'my-part'],
  ])('of %s becomes %s', (tag, inert) => expect(inertTag(tag)).toBe(inert));
});
