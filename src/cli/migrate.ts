import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('migrate')
    .description('bring a database to the schema of this version, forward only')
    .option('--database <url>', 'of a role that may create roles and schemas (CUSTOS_MIGRATE_URL)')
    .addHelpText('after', '\nExample:\n  $ custos migrate --database postgres://postgres@localhost/custos')
    .action(async (_options: unknown, command: Command) => {
      const { database, json } = command.optsWithGlobals<{ database?: string; json?: boolean }>();
      const url = database ?? process.env['CUSTOS_MIGRATE_URL'];
      const [{ migrate }, { Problem }] = await Promise.all([import('../log/migrate.js'), import('../problem.js')]);
      if (url === undefined) throw new Problem('usage');
      const result = await migrate(url).catch((error: unknown) => {
        throw error instanceof Problem ? error : new Problem('log_unavailable');
      });
      const human = result.applied.length === 0 ? 'Up to date.' : `Applied: ${result.applied.join(', ')}`;
      process.stdout.write(json === true ? `${JSON.stringify(result)}\n` : `${human}\n`);
    });
}
