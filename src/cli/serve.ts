import { rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';

interface ServeOptions {
  readonly dev?: boolean;
  readonly data: string;
  readonly port?: string;
}

export function register(program: Command): void {
  program
    .command('serve')
    .description('run the service; with --dev also PostgreSQL, keys and people of its own, for trying it out')
    .option('--dev', 'make root key, trust file and people in the data folder, and listen on 127.0.0.1 only')
    .option('--port <number>', 'port to listen on (CUSTOS_PORT, otherwise 7100)')
    .addHelpText(
      'after',
      `
Examples:
  $ custos serve --dev                     # everything in .custos/, on 127.0.0.1:7100
  $ custos serve --dev --data ./try        # in another folder
  $ DATABASE_URL=… CUSTOS_TRUST_FILE=… custos serve   # production; docs/operating/ lists the settings`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ServeOptions>();
      await (options.dev === true ? serveDev(options) : serveProduction(options));
    });
}

async function serveDev({ data, port }: ServeOptions): Promise<void> {
  const [
    { initDevFolder, filesOf },
    { startEmbeddedDatabase },
    { startKeyholder },
    { startService },
    { devTokenIssuer },
  ] = await Promise.all([
    import('../service/data-folder.js'),
    import('../service/embedded-database.js'),
    import('../service/start-keyholder.js'),
    import('../service/start-service.js'),
    import('../identity/dev-people.js'),
  ]);
  const dir = resolve(data);
  const files = filesOf(dir);
  await initDevFolder(dir);
  const database = await startEmbeddedDatabase(dir);
  const stop: (() => Promise<unknown>)[] = [() => database.server.stop()];
  try {
    const held = await startKeyholder({
      databaseUrl: database.url('custos_keyholder'),
      rootKeyFile: files.rootKey,
      trustFile: files.trust,
      checkpointFile: files.keyholderCheckpoint,
      tokenIssuer: devTokenIssuer(files.jwks),
    });
    stop.unshift(() => held.close());
    if (held.tookLogAsFound) sayTakenAsFound(files.keyholderCheckpoint);
    sayKeysLost(held);
    const service = await startService(
      {
        databaseUrl: database.url('custos_service'),
        logKeyFile: files.logKey,
        trustFile: files.trust,
        checkpointFile: files.checkpoint,
        tokenIssuer: devTokenIssuer(files.jwks),
        host: '127.0.0.1',
        port: Number(port ?? process.env['CUSTOS_PORT'] ?? 7100),
        logLevel: process.env['CUSTOS_LOG_LEVEL'] ?? 'warn',
        witnessesFile: process.env['CUSTOS_WITNESSES_FILE'],
      },
      held.keyholder,
    );
    stop.unshift(() => service.close());
    if (service.tookLogAsFound) sayTakenAsFound(files.checkpoint);
    const runtime = { url: service.url, pid: process.pid, readerUrl: database.url('custos_reader') };
    // Renamed into place: whoever waits for it never reads half of it.
    await writeFile(`${files.runtime}.new`, JSON.stringify(runtime), { mode: 0o600 });
    await rename(`${files.runtime}.new`, files.runtime);
    stop.unshift(() => rm(files.runtime, { force: true }));
    database.server.onExit(() => {
      process.stderr.write(
        'PostgreSQL has stopped; stopping too. Start again: nothing that was acknowledged is lost.\n',
      );
      process.exit(1);
    });
    stopOnSignal(stop);
    process.stdout.write(welcome(service.url, data));
  } catch (error) {
    for (const end of stop) await end().catch(() => undefined);
    throw error;
  }
}

async function serveProduction({ port }: ServeOptions): Promise<void> {
  const [{ readSettings }, { readChannelSecret }, { connectKeyholder }, { startService }] = await Promise.all([
    import('../service/settings.js'),
    import('../keys/keyholder-channel.js'),
    import('../keys/remote-keyholder.js'),
    import('../service/start-service.js'),
  ]);
  const settings = readSettings(process.env, 'service');
  const service = await startService(
    { ...settings, port: port === undefined ? settings.port : Number(port) },
    connectKeyholder(settings.keyholderSocket, await readChannelSecret(settings.keyholderSecretFile)),
  );
  if (service.tookLogAsFound) sayTakenAsFound(settings.checkpointFile);
  stopOnSignal([() => service.close()]);
  process.stdout.write(`Custos listens on ${service.url}\n`);
}

/** Right once, after an upgrade. Otherwise somebody has removed the memory, and with it the proof of a loss. */
export function sayTakenAsFound(file: string): void {
  process.stderr.write(
    `No checkpoint was remembered in ${file}: the log is taken as it was found. If it was there before, ` +
      'that is an incident (docs/operating/rollback.md).\n',
  );
}

/** It keeps nobody else from being read: the keyholder starts, and says so. */
export function sayKeysLost({ lost }: { readonly lost: number }): void {
  if (lost === 0) return;
  process.stderr.write(
    `The keys of ${lost} subjects are lost: what is posted for them, nobody can open. Restore younger keys, or erase ` +
      'them (docs/operating/backup.md).\n',
  );
}

/** A second signal does not wait. */
export function stopOnSignal(stop: readonly (() => Promise<unknown>)[]): void {
  let stopping = false;
  const end = () => {
    if (stopping) process.exit(1);
    stopping = true;
    void (async () => {
      for (const one of stop) await one().catch(() => undefined);
      process.exit(0);
    })();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}

const welcome = (url: string, data: string) => `
  Custos listens on ${url}

  DEV MODE: keys and people are made up and lie in ${data}. Anyone who reads that folder can read
  everything. Never put a real person's data here.

  Try, in another terminal:
    npx custos --as source ingest examples/sign-up.rrweb.json --format rrweb --subject s1 --session first
    npx custos --as researcher session show first
    npx custos --as researcher request create --session first --field typed --purpose "see how the form is filled in" \\
               --records 1000 --disclosures 5 --for 1h
    npx custos --as approver1 approve REQUEST        then   npx custos --as approver2 approve REQUEST
    npx custos --as researcher read REQUEST
    npx custos --as subject:s1 history ledger s1     who read what of mine
    npx custos verify

  The API is described at ${url}/docs
`;
