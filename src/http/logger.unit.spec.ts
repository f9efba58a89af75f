import { NestLog, openLogger } from './logger.js';
import { canary } from './test-app.spec.js';

const levels = ['warn', 'error', 'fatal'] as const;
function logOf(use: (log: NestLog) => void): string {
  let text = '';
  use(new NestLog(openLogger({ level: 'trace', to: { write: (line) => void (text += line) } })));
  return text;
}

describe('what Nest says is logged', () => {
  it.each(levels)('without the message of an error, at %s', (level) => {
    const text = logOf((log) => log[level](new RangeError(canary)));
    expect(text).not.toContain(canary);
    expect(JSON.parse(text)).toMatchObject({ msg: 'nest', error: 'RangeError' });
  });
  it.each(levels)('without its texts once requests are served, at %s', (level) => {
    const text = logOf((log) => {
      log.fromNowOnServing();
      log[level](canary);
    });
    expect(text).not.toContain(canary);
    expect(JSON.parse(text)).toMatchObject({ msg: 'nest' });
  });
  it('with its texts before', () =>
    expect(JSON.parse(logOf((log) => log.warn('an unknown option')))).toMatchObject({ said: 'an unknown option' }));
});
