#!/usr/bin/env node
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { perform, type Staging } from '../demo/perform.js';
import { rehearse, type Figures } from './rehearsal.js';
import { full, quick } from './scale.js';

const usage = `Usage: npm run rehearse [-- --quick] [-- --keep] [-- --json]
  --quick  ${quick.people} people instead of ${full.people}
  --keep   keep the folder with the vault's data, and say where it is
  --json   print one JSON object instead of the story
`;

function options(): (Staging & { readonly quick: boolean }) | undefined {
  const flag = { type: 'boolean' } as const;
  try {
    const { values } = parseArgs({ options: { quick: flag, keep: flag, json: flag } });
    return { quick: values.quick === true, keep: values.keep === true, json: values.json === true };
  } catch {
    return undefined;
  }
}

function figuresTable(figures: Figures, seconds: number): string {
  const table = new Table({ style: { head: [], border: [], compact: true }, colAligns: ['left', 'right'] });
  const count = (value: number) => value.toLocaleString('en');
  table.push(
    ['people recorded', count(figures.people)],
    ['records', count(figures.records)],
    ['people whose answers or prompts could be read', count(figures.couldBeRead)],
    ['people who were read', count(figures.wereRead)],
    ['records read', count(figures.recordsRead)],
    ['entries of the log', count(figures.entries)],
    ['the bundle', `${count(figures.bundleBytes)} bytes`],
    ['time', `${seconds.toFixed(1)} s`],
  );
  return table.toString();
}

const chosen = options();
if (chosen === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  const scale = chosen.quick ? quick : full;
  const performance = {
    name: 'rehearsal',
    opening: 'Everyone in it is generated, and so is every word.',
    canaries: [],
    play: (stage: Parameters<typeof rehearse>[0], told: Parameters<typeof rehearse>[1]) => rehearse(stage, told, scale),
    closing: figuresTable,
  };
  // No process.exit: what was printed may still be on its way into a pipe.
  void perform(performance, chosen).then((code) => (process.exitCode = code));
}
