import { readFile, writeFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { KeyView } from '../identity/list-keys.js';
import { parseDuration } from './arguments.js';
import { connect, globals, type Globals } from './globals.js';
import { listing, printResult, table, timeText } from './output.js';
import { newPassphrase, passphraseOption } from './passphrase.js';
import { wrongUse } from './refusal.js';
import { withSignOptions, type SignOptions } from './signer.js';

interface NewOptions {
  readonly person: string;
  readonly out: string;
  readonly passphrase: boolean;
  readonly passphraseFile?: string;
}

interface EnrolOptions extends SignOptions {
  readonly person?: string;
  readonly for: string;
  readonly role: 'approver' | 'source';
}

export function register(program: Command): void {
  const key = program.command('key').description('the keys that signatures are made with');
  key
    .command('new')
    .description('make a signing key of your own; give the public half to an officer')
    .requiredOption('--person <id>', 'whose it is, as the identity provider names them')
    .requiredOption('--out <file>', 'where it goes; a file that is there is never touched')
    .option(...passphraseOption)
    .option('--no-passphrase', 'whoever reads the file can sign: for a source that nobody watches')
    .addHelpText(
      'after',
      `
Examples:
  $ custos key new --person ann --out ann.key.json
  $ custos key new --person recorder --out recorder.key.json --no-passphrase`,
    )
    .action(async (options: NewOptions, command: Command) => {
      const { person, out, passphrase, passphraseFile } = options;
      const [{ newSealedKeyFile, newSigningKeyFile }, { PersonId }, { sodiumReady }] = await Promise.all([
        import('../identity/signing-key.js'),
        import('../log/ids.js'),
        import('../sealing/sodium.js'),
      ]);
      const owner = PersonId.safeParse(person);
      if (!owner.success) throw wrongUse('--person', 'a name of letters, digits and ._:@-');
      await sodiumReady();
      const text = passphrase
        ? await newSealedKeyFile(owner.data, await newPassphrase(passphraseFile))
        : newSigningKeyFile(owner.data);
      await writeFile(out, `${text}\n`, { flag: 'wx', mode: 0o600 }).catch(() => {
        throw wrongUse('--out', 'a file that is not there yet, in a folder that can be written');
      });
      const { keyId, publicKey } = JSON.parse(text) as { keyId: string; publicKey: string };
      const answer = { person, keyId, publicKey, file: out };
      await printResult(globals(command).json, answer, () => listing(Object.entries(answer)));
    });
  key
    .command('ls')
    .description('whose signatures count, and whose did')
    .action(async (_options: unknown, command: Command) => {
      const all = globals(command);
      const { keys } = await (await connect(all)).get<{ keys: KeyView[] }>('/v1/keys');
      await printResult(all.json, { keys }, () =>
        table(
          ['key', 'person', 'role', 'state', 'from', 'until'],
          keys.map((one) => [one.keyId, one.person, one.role, stateText(one), one.from, timeText(one.expiresAt)]), // prettier-ignore
        ),
      );
    });
  key
    .command('show')
    .description('the id and the public half of a key, as the trust file wants them')
    .argument('<file>', 'what `key new` made, or a .pub file of OpenSSH')
    .option('--person <id>', 'whose it is, needed for a .pub file')
    .addHelpText('after', '\nExample:\n  $ custos key show ~/.ssh/id_ed25519.pub --person ann')
    .action(async (file: string, { person: named }: { person?: string }, command: Command) => {
      const [{ keyIdOf, PersonKey, verifyingKey }, { person, publicKey }] = await Promise.all([
        import('../identity/trust.js'),
        publicHalf(file, named),
      ]);
      if (!PersonKey.safeParse(publicKey).success) throw wrongUse('FILE', 'a public key of 32 bytes');
      const answer = { person, keyId: keyIdOf(verifyingKey(publicKey).publicKey), publicKey };
      await printResult(globals(command).json, answer, () => listing(Object.entries(answer)));
    });
  withSignOptions(key.command('enrol'))
    .description('ask for a key to count, and sign that: a quorum of officers has to')
    .argument('<file>', 'what `key new` made or prints with --json, or a .pub file of OpenSSH')
    .option('--person <id>', 'whose it is, needed for a .pub file')
    .requiredOption('--for <duration>', 'how long it counts, at most 400d')
    .addOption(
      new Option('--role <role>', 'what it signs: approvals, or what a source seals at its own end')
        .choices(['approver', 'source'])
        .default('approver'),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ custos --as officer1 key enrol ann.public.json --for 365d
  $ custos --as officer1 key enrol ann.pub --person ann --for 365d
  $ custos --as officer1 key enrol recorder.public.json --role source --for 90d`,
    )
    .action(async (file: string, { for: lasting, role, person: named, ...sign }: EnrolOptions, command: Command) => {
      const { person, publicKey } = await publicHalf(file, named);
      const expiresAt = Date.now() + parseDuration('--for', lasting) * 1000;
      const { propose } = await import('./sign-act.js');
      const body = { person, role, publicKey, expiresAt };
      await propose({ kind: 'key.enrol', body }, sign, globals(command));
    });
  withSignOptions(key.command('rotate'))
    .description('put a new key in the place of one that was enrolled: it begins where the old one ends')
    .argument('<key>', 'id of the old key')
    .argument('<file>', 'the new one, as for enrol')
    .requiredOption('--for <duration>', 'how long it counts, at most 400d')
    .addHelpText('after', '\nExample:\n  $ custos --as officer1 key rotate 5f0c… ann.pub --for 365d')
    .action(async (old: string, file: string, { for: lasting, ...sign }: SignOptions & { for: string }, command: Command) => rotate(old, file, lasting, sign, globals(command))); // prettier-ignore
  withSignOptions(key.command('revoke'))
    .description('end a key that was enrolled, for good; one officer is enough')
    .argument('<key>', 'id of the key')
    .addHelpText('after', '\nExample:\n  $ custos --as officer1 key revoke 5f0c…')
    .action(async (keyId: string, options: SignOptions, command: Command) => {
      const { propose } = await import('./sign-act.js');
      await propose({ kind: 'key.revoke', body: { keyId } }, options, globals(command));
    });
}

/** By whoever had the old one: the service is asked who that is, and the act names it by its id. */
async function rotate(keyId: string, file: string, lasting: string, sign: SignOptions, all: Globals): Promise<void> {
  const { keys } = await (await connect(all)).get<{ keys: KeyView[] }>('/v1/keys');
  const owner = keys.find((one) => one.keyId === keyId)?.person;
  if (owner === undefined) throw wrongUse('KEY', 'the id of a key, as `custos key ls` lists them');
  const { publicKey } = await publicHalf(file, owner);
  const expiresAt = Date.now() + parseDuration('--for', lasting) * 1000;
  const { propose } = await import('./sign-act.js');
  await propose({ kind: 'key.rotate', body: { keyId, publicKey, expiresAt } }, sign, all);
}

/** How long it counts still, where that is soon: a new one takes a quorum, and that takes days. */
function stateText({ state, expiresAt }: KeyView): string {
  const daysLeft = Math.ceil(((expiresAt ?? Infinity) - Date.now()) / 86_400_000);
  return state === 'in_force' && daysLeft <= soonDays ? `in_force, ${daysLeft} d left` : state;
}
const soonDays = 30;

/**
 * A public line names nobody: then the officer says whose it is. Of a file of ours nothing else is looked at: a secret half
 * that somebody sent along goes nowhere.
 */
async function publicHalf(file: string, named?: string): Promise<{ person: string; publicKey: string }> {
  const { publicLine } = await import('./ssh-signer.js');
  const { formatVerifyingKey } = await import('../sealing/verifying-key.js');
  const ssh = await publicLine(file);
  if (ssh !== undefined) {
    if (named === undefined) throw wrongUse('--person', 'whose SSH key it is');
    return { person: named, publicKey: formatVerifyingKey(ssh) };
  }
  try {
    const { person, publicKey } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    const isOfOurs = typeof person === 'string' && typeof publicKey === 'string';
    if (isOfOurs && (named ?? person) === person) return { person, publicKey };
  } catch {
    // The parser's error repeats a part of the text, and this text may hold a private key.
  }
  throw wrongUse('FILE', 'JSON with `person` and `publicKey`, or an ssh-ed25519 or sk-ssh-ed25519@openssh.com line');
}
