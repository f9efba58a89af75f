import { lintSource } from '@secretlint/core';
import { rules } from '@secretlint/secretlint-rule-preset-recommend';

/** The rule that obeys words such as `secretlint-disable`: whoever is recorded could switch off all others with it. */
const obeying = '@secretlint/secretlint-rule-filter-comments';
const scanners = rules.filter(({ meta }) => meta.id !== obeying);
/** Shorter texts hold no token of any rule. */
const leastCharacters = 16;
/** Rules look for words that end: two texts must not become one. */
const between = '\n\n';

/**
 * Which of these texts hold a credential that one of secretlint's rules knows. All of them in one pass: the rules
 * cost much a call and little a character. Nothing of what is found is kept, logged or returned.
 */
export async function secretsIn(texts: readonly string[]): Promise<ReadonlySet<number>> {
  const starts: { readonly at: number; readonly index: number }[] = [];
  let content = '';
  for (const [index, text] of texts.entries()) {
    if (text.length < leastCharacters) continue;
    starts.push({ at: content.length, index });
    content += text + between;
  }
  if (starts.length === 0) return new Set();
  const found = new Set<number>();
  await lintSource({
    source: { filePath: 'records.txt', content, contentType: 'text', ext: '.txt' },
    options: {
      config: configFor((at) => found.add(starts[lastAtMost(starts, at)]?.index ?? -1)),
      noPhysicFilePath: true,
    },
  });
  return found;
}

/**
 * The rules one by one, each telling us itself: secretlint compares every finding with all others, and a post may hold a
 * million. And no preset goes without one of its rules: core 12.0.0 passes over `disabled` in it.
 */
const configFor = (found: (at: number) => void) => ({
  rules: scanners.map((scanner) => {
    const rule: typeof scanner = {
      ...scanner,
      create: (context, options) => scanner.create({ ...context, report: ({ range: [at] }) => found(at) }, options),
    };
    return { id: rule.meta.id, rule, options: {} };
  }),
});

function lastAtMost(starts: readonly { readonly at: number }[], at: number): number {
  let [low, high] = [0, starts.length];
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle]?.at ?? Infinity) <= at) low = middle;
    else high = middle;
  }
  return low;
}
