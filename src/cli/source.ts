import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { IngestKeyView } from '../identity/list-ingest-keys.js';
import { parseDuration } from './arguments.js';
import { connect, globals, trustFilePath, type Globals } from './globals.js';
import { printResult, table, timeText } from './output.js';
import { problemOf, wrongUse } from './refusal.js';
import { withSignOptions, type SignOptions } from './signer.js';

interface NewOptions extends SignOptions {
  readonly for: string;
  readonly out: string;
}

export function register(program: Command): void {
  const source = program.command('source').description('the keys that sources send with, where they have no tokens');
  withSignOptions(source.command('new'))
    .description('make a key for a source and ask for it to count: a quorum of officers has to sign')
    .argument('<id>', 'who the source is in the log')
    .requiredOption('--for <duration>', 'how long it counts, at most 400d')
    .requiredOption('--out <file>', 'where the key goes, once: nobody can show it again')
    .addHelpText(
      'after',
      `
The source sends it as its token. It may send records, and nothing else.

Example:
  $ custos --as officer1 source new recorder --for 90d --out recorder.token
  $ CUSTOS_TOKEN=$(cat recorder.token) custos ingest walk.json --subject anna --session walk-1`,
    )
    .action(async (id: string, options: NewOptions, command: Command) => create(id, options, globals(command)));
  source
    .command('ls')
    .description('which keys count, and which did')
    .action(async (_options: unknown, command: Command) => {
      const all = globals(command);
      const found = await (await connect(all)).get<{ keys: IngestKeyView[] }>('/v1/ingest-keys');
      await printResult(all.json, found, () =>
        table(
          ['key', 'source', 'state', 'until'],
          found.keys.map((one) => [one.keyId, one.source, one.state, timeText(one.expiresAt)]),
        ),
      );
    });
  withSignOptions(source.command('revoke'))
    .description('end a key at once, for good; one officer is enough')
    .argument('<key>', 'id of the key')
    .addHelpText('after', '\nExample:\n  $ custos --as officer1 source revoke 8d0f…')
    .action(async (keyId: string, options: SignOptions, command: Command) => {
      const { propose } = await import('./sign-act.js');
      await propose({ kind: 'ingest-key.revoke', body: { keyId } }, options, globals(command));
    });
}

/** The secret is made here and goes into the file only: the service and the officers see its HMAC. */
async function create(id: string, { for: lasting, out, ...sign }: NewOptions, all: Globals): Promise<void> {
  const [{ ingestKeyText, ingestMac }, { trustedLogKey }, { propose }, { PersonId }] = await Promise.all([
    import('../identity/ingest-keys.js'),
    import('./receipt.js'),
    import('./sign-act.js'),
    import('../log/ids.js'),
  ]);
  const source = PersonId.safeParse(id);
  if (!source.success) throw wrongUse('ID', 'a name of letters, digits and ._:@-');
  const { origin } = await trustedLogKey(trustFilePath(all.data));
  const expiresAt = Date.now() + parseDuration('--for', lasting) * 1000;
  const [keyId, secret] = [randomBytes(8).toString('hex'), randomBytes(32)];
  const mac = Buffer.from(ingestMac(secret, { origin, keyId, source: source.data })).toString('hex');
  // Before the act: a key that counts and that nobody has would be worse than a file that never counts.
  await writeFile(out, `${ingestKeyText(keyId, secret)}\n`, { flag: 'wx', mode: 0o600 }).catch(() => {
    throw wrongUse('--out', 'a file that is not there yet, in a folder that can be written');
  });
  secret.fill(0);
  await propose({ kind: 'ingest-key.issue', body: { keyId, source: source.data, mac, expiresAt } }, sign, all).catch(
    async (error: unknown) => {
      // Of an act that is not there the key is of no use; where nobody knows, it stays.
      if (problemOf(error)?.code !== 'outcome_unknown') await rm(out, { force: true });
      throw error;
    },
  );
}
