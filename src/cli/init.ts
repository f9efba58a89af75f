import { resolve } from 'node:path';
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('init')
    .description(
      'make root key, log key, keyholder secret and a trust file without people, for an installation of your own',
    )
    .requiredOption('--origin <name>', 'name of the log in every checkpoint, for life, such as vault.example.org/log')
    .addHelpText(
      'after',
      `
Existing files are never touched. Add the approvers' and officers' public keys to trust.json afterwards,
then mount it read-only. Only the keyholder may see root.key; keyholder.secret is for the keyholder and the service.

Example:
  $ custos init --origin vault.example.org/log --data ./secrets`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { data, origin, json } = command.optsWithGlobals<{ data: string; origin: string; json?: boolean }>();
      const { initDataFolder, filesOf } = await import('../service/data-folder.js');
      const { sodiumReady } = await import('../sealing/sodium.js');
      await sodiumReady();
      await initDataFolder(resolve(data), { origin, people: [] });
      const { rootKey, logKey, keyholderSecret, trust } = filesOf(data);
      const result = { rootKey, logKey, keyholderSecret, trust };
      process.stdout.write(
        json === true ? `${JSON.stringify(result)}\n` : `Made or kept:\n  ${Object.values(result).join('\n  ')}\n`,
      );
    });
}
