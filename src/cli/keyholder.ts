import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('keyholder')
    .description('run the keyholder as a process of its own: the only one with the root key')
    .addHelpText(
      'after',
      `
It listens on the Unix socket CUSTOS_KEYHOLDER_SOCKET, reads the log by CUSTOS_KEYHOLDER_DATABASE_URL, and needs
CUSTOS_ROOT_KEY_FILE, CUSTOS_TRUST_FILE and CUSTOS_KEYHOLDER_CHECKPOINT_FILE; with CUSTOS_TOKEN_ISSUER (and CUSTOS_JWKS_FILE)
subjects can read their own by their token, and without them nobody can. Whoever can open the socket can ask; what is opened is decided here.`,
    )
    .action(async () => {
      const [{ readSettings }, { startKeyholder }, { serveKeyholder }, { sayKeysLost, sayTakenAsFound, stopOnSignal }] =
        await Promise.all([
          import('../service/settings.js'),
          import('../service/start-keyholder.js'),
          import('../keys/keyholder-server.js'),
          import('./serve.js'),
        ]);
      const settings = readSettings(process.env, 'keyholder');
      const held = await startKeyholder(settings);
      if (held.tookLogAsFound) sayTakenAsFound(settings.checkpointFile);
      sayKeysLost(held);
      const server = await serveKeyholder(held.keyholder, settings.keyholderSocket);
      stopOnSignal([() => server.close(), () => held.close()]);
      process.stdout.write(`The keyholder is ready; ${held.destroyed} keys of erased subjects were destroyed.\n`);
    });
}
