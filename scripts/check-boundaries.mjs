// Holds the direction of imports. A check that reads nothing passes everything, so the count is part of it.
import { cruise } from 'dependency-cruiser';
import config from 'dependency-cruiser/config-utl/extract-depcruise-config';
import tsConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const folder = process.argv[2] ?? 'src';
const fewest = 100;
const { forbidden, options } = await config('./.dependency-cruiser.cjs');
const { output } = await cruise([folder], { ...options, ruleSet: { forbidden }, validate: true }, undefined, {
  tsConfig: tsConfig('./tsconfig.json'),
});
const { totalCruised, violations } = output.summary;
for (const { rule, from, to } of violations) console.error(`${rule.name}: ${from} → ${to}`);
if (totalCruised < fewest) console.error(`only ${totalCruised} modules were read: the check itself is broken`);
if (violations.length > 0 || totalCruised < fewest) process.exit(1);
console.log(`imports run downward: ${totalCruised} modules, no violation`);
