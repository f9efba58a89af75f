import Table from 'cli-table3';
import type { Figures } from './figures.js';

export function figuresTable(figures: Figures, seconds: number): string {
  const table = new Table({ style: { head: [], border: [], compact: true }, colAligns: ['left', 'right'] });
  const { records, rawBytes, storedBytes, disclosures, refusals, entriesVerified } = figures;
  table.push(
    ['records in', count(records)],
    ['recordings, raw bytes', count(rawBytes)],
    ['the same, sealed and stored', count(storedBytes)],
    ['disclosures', count(disclosures)],
    ['refusals in the log', count(refusals)],
    ['entries verified', count(entriesVerified)],
    ['time', `${seconds.toFixed(1)} s`],
  );
  return table.toString();
}

const count = (value: number) => value.toLocaleString('en');
