import { formatNames } from '../../src/capture/formats/formats.js';
import { fuzzFormat } from './fuzz-format.js';

/** A short run of `npm run test:fuzz`, with the same inputs each time. */
it.each(formatNames)('%s refuses in constant words, loses nothing, and keeps fields apart', (format) => {
  for (const { runs, accepted, failure } of fuzzFormat(format, { runs: 150, seed: 20_260_201 })) {
    expect(failure).toBeUndefined();
    expect(runs).toBe(150);
    // Inputs that nothing accepts would prove nothing.
    expect(accepted).toBeGreaterThan(0);
  }
});
