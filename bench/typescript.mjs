// Lets Node 20 run the benchmark and what it measures straight from the sources: `--import ./bench/typescript.mjs`.
// Threads and processes that a scenario starts inherit it.
import { register } from 'node:module';
register('./typescript-hooks.mjs', import.meta.url);
