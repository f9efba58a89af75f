#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { perform, type Staging } from './perform.js';
import { readCanaries } from './recordings.js';
import { figuresTable } from './report.js';
import { playStory } from './story.js';

const usage = `Usage: npm run demo [-- --keep] [-- --json]
  --keep  keep the folder with the vault's data, and say where it is
  --json  print one JSON object instead of the story
`;

const demo = async (staging: Staging): Promise<number> =>
  perform(
    {
      name: 'demo',
      opening: 'Everyone in these recordings is invented, and so is every secret.',
      canaries: await readCanaries(),
      play: playStory,
      closing: figuresTable,
    },
    staging,
  );

function options(): Staging | undefined {
  try {
    const { values } = parseArgs({ options: { keep: { type: 'boolean' }, json: { type: 'boolean' } } });
    return { keep: values.keep === true, json: values.json === true };
  } catch {
    return undefined;
  }
}

const chosen = options();
if (chosen === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  // No process.exit: what was printed may still be on its way into a pipe.
  void demo(chosen).then((code) => (process.exitCode = code));
}
