import type { Command } from 'commander';
import { listing, printResult } from './output.js';

export function register(program: Command): void {
  const rootKey = program
    .command('root-key')
    .description("what wraps the subjects' keys: seal it, or give it a successor");
  rootKey
    .command('rotate')
    .description(
      'make another root key and wrap every key with it, while keyholders go on; again, it goes on where it stopped',
    )
    .addHelpText(
      'after',
      `
Takes CUSTOS_ROOT_KEY_FILE and CUSTOS_KEYHOLDER_DATABASE_URL, and the CUSTOS_ROOT_KEY_TRANSIT_ settings where the file is
sealed. Every keyholder must read this very file. Keep a copy of the old one for as long as there are backups of the keys.

Example:
  $ custos root-key rotate`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { json = false } = command.optsWithGlobals<{ json?: boolean }>();
      const [{ rotateRootKey }, { SubjectKeyStore }, { openPool }, { Problem }] = await Promise.all([
        import('../keys/rotate-root-key.js'),
        import('../keys/subject-key-store.js'),
        import('../log/database.js'),
        import('../problem.js'),
      ]);
      const { databaseUrl, source } = await opened();
      if (databaseUrl === undefined) {
        throw new Problem('setting_invalid', {
          issues: [{ path: 'CUSTOS_KEYHOLDER_DATABASE_URL', rule: 'invalid_type' }],
        });
      }
      const pool = openPool(databaseUrl, { connections: 2, name: 'custos root-key' });
      try {
        const rotated = await rotateRootKey(source, new SubjectKeyStore(pool));
        await printResult(json, rotated, () => listing(Object.entries(rotated)));
      } finally {
        await pool.end();
      }
    });
  rootKey
    .command('seal')
    .description('seal a root key that lies in the clear with a key of Vault or OpenBao, in place')
    .addHelpText(
      'after',
      `
Takes CUSTOS_ROOT_KEY_FILE and the CUSTOS_ROOT_KEY_TRANSIT_ settings. The old file is replaced, not overwritten: the disk and
its backups may still hold it. Make a new root key afterwards with \`custos root-key rotate\`.

Example:
  $ CUSTOS_ROOT_KEY_TRANSIT_URL=https://vault.example:8200 … custos root-key seal`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { json = false } = command.optsWithGlobals<{ json?: boolean }>();
      const [{ rootKeyFile }, { Problem }] = await Promise.all([
        import('../keys/root-key-source.js'),
        import('../problem.js'),
      ]);
      const { rootKeyFile: path, source, isSealed } = await opened();
      if (!isSealed) throw new Problem('usage');
      await source.write(await rootKeyFile(path).read());
      await printResult(json, { sealed: path }, () => 'Sealed.');
    });
}

async function opened() {
  const [{ readSettings }, { rootKeyFile }, { transitSeal }, { sodiumReady }] = await Promise.all([
    import('../service/settings.js'),
    import('../keys/root-key-source.js'),
    import('../keys/transit.js'),
    import('../sealing/sodium.js'),
  ]);
  await sodiumReady();
  const { rootKeyFile: path, transit, databaseUrl } = readSettings(process.env, 'root-key');
  const source = rootKeyFile(path, transit && transitSeal(transit));
  return { rootKeyFile: path, databaseUrl, source, isSealed: transit !== undefined };
}
