import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('keyholder')
    .description('run the keyholder as a process of its own: the only one with the root key')
    .addHelpText(
      'after',
      `
It listens on the Unix socket CUSTOS_KEYHOLDER_SOCKET, reads the log by CUSTOS_KEYHOLDER_DATABASE_URL, and needs
CUSTOS_KEYHOLDER_SECRET_FILE, CUSTOS_ROOT_KEY_FILE, CUSTOS_TRUST_FILE and CUSTOS_KEYHOLDER_CHECKPOINT_FILE; with
CUSTOS_TOKEN_ISSUER (and CUSTOS_JWKS_FILE) subjects can read their own by their token, and without them nobody can. Only a service
that has the same secret can ask; what is opened is decided here.`,
    )
    .action(async () => {
      const [
        { readSettings },
        { startKeyholder },
        { readChannelSecret },
        { serveKeyholder },
        { sayKeysLost, sayTakenAsFound, stopOnSignal },
      ] = await Promise.all([
        import('../service/settings.js'),
        import('../service/start-keyholder.js'),
        import('../keys/keyholder-channel.js'),
        import('../keys/keyholder-server.js'),
        import('./serve.js'),
      ]);
      const settings = readSettings(process.env, 'keyholder');
      const secret = await readChannelSecret(settings.keyholderSecretFile);
      const held = await startKeyholder(settings);
      if (held.tookLogAsFound) sayTakenAsFound(settings.checkpointFile);
      sayKeysLost(held);
      const server = await serveKeyholder(held.keyholder, {
        socket: settings.keyholderSocket,
        secret,
        strangerCame: atMostEvery(10_000, sayStrangerCame),
      });
      stopOnSignal([() => server.close(), () => held.close()]);
      process.stdout.write(`The keyholder is ready; ${held.destroyed} keys of erased subjects were destroyed.\n`);
    });
}

const sayStrangerCame = () =>
  void process.stderr.write(
    'Somebody asked who does not have the secret of CUSTOS_KEYHOLDER_SECRET_FILE, and was told nothing. If the service has ' +
      'another one, give it this one; otherwise look who can open the socket.\n',
  );

function atMostEvery(ms: number, say: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - last < ms) return;
    last = performance.now();
    say();
  };
}
