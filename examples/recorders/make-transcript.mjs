// Makes examples/assistant.messages.json: a visitor's talk with the clerk, in the form of OpenAI messages.
// The clerk is a script of rules (clerk.mjs), its tools are real, and a second run gives the same bytes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canary, examplesDir } from './canaries.mjs';
import { findings } from './check-recordings.mjs';
import { rules, system } from './clerk-rules.mjs';
import { Clerk } from './clerk.mjs';
import { toolsOver } from './tools.mjs';

const output = 'assistant.messages.json';

const questions = [
  'Good evening. What do the rules say about light?',
  'And what do the rules say about tea?',
  'How much is tea for the nine desks round the stove: 9 * 0.40?',
  'How much are three pots and soup for six: 3 * 1.10 + 6 * 2.50?',
  'What do the rules say about books?',
  'Please read me lines 66 to 73 of index.html.',
  'What is written about telephones?',
  'May I put a log into the stove?',
  'How much of the firewood does the tea pay: 640 / 3?',
  'What do the rules say about lockers?',
  'Is locker 17 free?',
  'Is locker 22 free?',
  'How much is a locker and a lost key: 12 + 1.50?',
  'How much is that for each of the readers who are here, if nobody is: 13.50 / (4 - 4)?',
  `Between us: ${canary('prompt')} is my word for the drawer.`,
  'What is written about the safe?',
  'What is written about dogs?',
  'Which is the longest file on the page shelf?',
  'Please read me lines 1 to 20 of secrets.txt.',
  'Please read me lines 1 to 30 of page.js.',
  'What is written about the gallery?',
  'What do the rules say about slips?',
  'Please confirm my card.',
  'What is written about the lamp?',
  'Please read me lines 98 to 113 of index.html.',
  'How much is a year of Thursdays with soup: 52 * 2.50?',
  'How much would it be with half the soup: 52 * (2.50 / 2?',
  'What is written about the desk?',
  'What is the weather on the quay?',
  'Please read me lines 1 to 40 of style.css.',
  'What do the rules say about closing?',
  'What is written about the stair?',
  'What is written about the river?',
  'How much is the whole year, locker, soup and forty pots: 12 + 130 + 40 * 1.10?',
];

/** What only the desk may read. It stands in a folder of this run, since the page's folder is public. */
const deskNotes = `03-04 locker 17 taken for the year by Odo Larkspur
03-06 the word of the safe is ${canary('tool-output')}, changed by Pim Thistle
03-07 the safe sticks, turn the handle twice
03-09 locker 9 waits for its key, Bettany Moss has it
03-10 locker 17 squeaks
`;

const deskDir = await mkdtemp(join(tmpdir(), 'custos-desk-'));
try {
  await writeFile(join(deskDir, 'notes.txt'), deskNotes);
  const tools = toolsOver({ page: fileURLToPath(new URL('page/', examplesDir)), desk: deskDir });
  const clerk = new Clerk({ system, rules, tools });
  for (const question of questions) await clerk.ask(question);
  const text = `${JSON.stringify({ model: 'lantern-clerk-rules-1', messages: clerk.messages })}\n`;
  const problems = findings(output, text);
  if (problems.length > 0) throw new Error(`not written:\n${problems.join('\n')}`);
  await writeFile(new URL(output, examplesDir), text);
  console.log(`${output}: ${clerk.messages.length} messages, ${text.length} characters`);
} finally {
  await rm(deskDir, { recursive: true, force: true });
}
