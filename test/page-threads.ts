import { pathToFileURL } from 'node:url';
import { threadOptions } from '../src/log/page-threads.js';

// Under jest no flag tells a thread how to load TypeScript, which Node 20 does not do by itself.
threadOptions.execArgv = ['--import', pathToFileURL('bench/typescript.mjs').href];
