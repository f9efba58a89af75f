#!/usr/bin/env node
import { register as acceptRollback } from './accept-rollback.js';
import { register as backup } from './backup.js';
import { commands } from './commands.js';
import { register as init } from './init.js';
import { register as keyholder } from './keyholder.js';
import { register as migrate } from './migrate.js';
import { run } from './program.js';
import { register as rootKey } from './root-key.js';
import { register as serve } from './serve.js';
import { register as witness } from './witness.js';

// `custos read … | head` closes the pipe early, which is no error of anybody.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

void run(process.argv.slice(2), [
  serve,
  keyholder,
  rootKey,
  witness,
  migrate,
  init,
  backup,
  acceptRollback,
  ...commands,
]).then((code) => {
  // No process.exit: what was printed may still be on its way into a pipe.
  process.exitCode = code;
});
