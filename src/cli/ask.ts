import { createInterface } from 'node:readline/promises';
import { wrongUse } from './refusal.js';

/**
 * Asks at a terminal. A script is not asked: it was written by somebody who meant it.
 * @throws Problem usage unless the answer is yes.
 */
export async function confirm(question: string, { yes, json }: { yes: boolean; json: boolean }): Promise<void> {
  if (yes || json || !process.stdin.isTTY) return;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw wrongUse('answer', 'nothing was done');
  } finally {
    lines.close();
  }
}
