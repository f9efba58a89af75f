import { Command, Option } from 'commander';
import { exitCodes, reportError, type ExitCode } from './report-error.js';

/** Adds its commands; what they need is loaded when they run, so that `--help` stays quick. */
export type Register = (program: Command) => void;

export const defaultDataFolder = '.custos';

export function createProgram(registers: readonly Register[]): Command {
  const program = new Command('custos')
    .description('A vault for captured sessions: no role can read, only a grant can.')
    .addOption(new Option('--json', 'print one JSON document on standard output'))
    .addOption(new Option('--as <name>', 'act as a person of dev mode, such as researcher or subject:anna'))
    .addOption(
      new Option('--data <dir>', 'the data folder: trust file, people, keys')
        .env('CUSTOS_DATA')
        .default(defaultDataFolder),
    )
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', help)
    // Before the commands are added: each one takes this over when it is made.
    .exitOverride();
  for (const register of registers) register(program);
  return program;
}

const help = `
Environment:
  CUSTOS_URL         the service (default http://127.0.0.1:7100)
  CUSTOS_TOKEN       token to send, unless --as is given
  CUSTOS_TRUST_FILE  the trust file (default DIR/trust.json)

Exit codes: 0 done, 1 refused or not verified, 2 wrong use or no connection.

Start here:
  $ npm start                                      in another terminal
  $ custos --as source ingest walk.json --format rrweb --subject anna --session walk-1
  $ custos --as researcher session ls`;

export async function run(args: readonly string[], registers: readonly Register[]): Promise<ExitCode> {
  const program = createProgram(registers);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    // Not `program.opts()`: what cannot be parsed must be told in the right form as well.
    return reportError(error, args.slice(0, endOfOptions(args)).includes('--json'));
  }
}

const endOfOptions = (args: readonly string[]) => (args.includes('--') ? args.indexOf('--') : args.length);
