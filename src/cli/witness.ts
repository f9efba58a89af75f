import { resolve } from 'node:path';
import type { Command } from 'commander';
import { parseCount } from './arguments.js';
import { globals } from './globals.js';
import { listing, printResult } from './output.js';

interface InitOptions {
  readonly name: string;
  readonly logKey?: string;
  readonly origin?: string;
  readonly logUrl?: string;
  readonly tokenFile?: string;
}

export function register(program: Command): void {
  const witness = program
    .command('witness')
    .description('run a witness: it cosigns the checkpoints of logs, and refuses a fork')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on', '7200')
    .addHelpText(
      'after',
      `
It cosigns what continues the checkpoint before, and remembers that before it answers (C2SP tlog-witness). It belongs to
somebody else than the log, on another machine. It needs witness.key and witness.json in the data folder, and keeps
what it remembers in the folder witness beside them: never put an older copy of that back.

Over HTTP, for anyone:
  POST /add-checkpoint                  a log asks for a cosignature
  GET  /SHA256-OF-ORIGIN/checkpoint     the checkpoint that was cosigned last
  GET  /health/ready, /metrics          503 while a log is seen forked or rolled back

Examples:
  $ custos witness init --data ./w --name witness.example/w1 --log-key "$(jq -r .log trust.json)"
  $ custos witness --data ./w --port 7200`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { data, host, port } = command.optsWithGlobals<{ data: string; host: string; port: string }>();
      await run(resolve(data), host, parseCount('--port', port));
    });
  witness
    .command('init')
    .description('make the key of a witness and the list of the logs that it knows; existing files are never touched')
    .requiredOption('--name <name>', 'name of the witness in its cosignatures, such as witness.example/w1')
    .option('--log-key <key>', 'verifier key of a log to witness, as in its trust file')
    .option('--origin <name>', 'its origin, if that is not the name of the key')
    .option('--log-url <url>', 'where its checkpoint and tiles are, to look at it without being asked')
    .option('--token-file <path>', 'file with the token for that URL')
    .addHelpText(
      'after',
      `
Prints the key by which cosignatures are verified: give it to whoever runs the log, and to whoever verifies.

Example:
  $ custos witness init --data ./w --name witness.example/w1 --log-key vault.example.org/log+1a2b3c4d+AR… \\
                        --log-url https://vault.example.org/v1/log --token-file token`,
    )
    .action(async (_options: unknown, command: Command) => {
      const all = globals(command);
      const { name, logKey, origin, logUrl, tokenFile } = command.optsWithGlobals<InitOptions>();
      const { initWitness, witnessFiles } = await import('../witness/witness-files.js');
      const dir = resolve(all.data);
      const log = {
        origin: origin ?? logKey?.split('+')[0] ?? '',
        key: logKey ?? '',
        ...(logUrl === undefined ? {} : { url: logUrl }),
        ...(tokenFile === undefined ? {} : { tokenFile: resolve(tokenFile) }),
      };
      const { key } = await initWitness(dir, { name, logs: logKey === undefined ? [] : [log] });
      const { key: keyFile, logs } = witnessFiles(dir);
      const answer = { name, key, keyFile, logs };
      await printResult(all.json, answer, () => listing(Object.entries(answer)));
    });
}

async function run(dir: string, host: string, port: number): Promise<void> {
  const [{ startWitness }, { openLogger }, { stopOnSignal }] = await Promise.all([
    import('../service/start-witness.js'),
    import('../http/logger.js'),
    import('./serve.js'),
  ]);
  const logger = openLogger({ level: process.env['CUSTOS_LOG_LEVEL'] ?? 'info', to: undefined });
  const onEnd = () => process.exit(1);
  const running = await startWitness({ dir, host, port, logger, onEnd });
  stopOnSignal([() => running.close()]);
  process.stdout.write(`The witness listens on ${running.url}\n`);
}
