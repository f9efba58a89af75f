import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { defaultSealWithinMs } from '../capture/seal-within.js';
import { devIssuer } from '../identity/dev-people.js';
import type { TokenIssuer } from '../identity/token-issuer.js';
import type { TransitSettings } from '../keys/transit.js';
import { Problem } from '../problem.js';
import { kafkaSettings, kafkaShape, type KafkaSettings } from './kafka-settings.js';
import { tokenSettings, tokenShape } from './token-settings.js';
import { transitSettings, transitShape } from './transit-settings.js';
import { wholeNumber } from './whole-number.js';

const file = z.string().min(1);
const url = z.string().regex(/^postgres(ql)?:\/\//);

/**
 * Every setting, from the environment. A secret comes from a file: NAME_FILE stands for each that may hold one.
 * docs/operating/production.md, identity.md, root-key.md and kafka.md are this table in words.
 */
const all = {
  DATABASE_URL: url,
  CUSTOS_KEYHOLDER_DATABASE_URL: url,
  CUSTOS_KEYHOLDER_SOCKET: file,
  CUSTOS_KEYHOLDER_SECRET_FILE: file,
  CUSTOS_ROOT_KEY_FILE: file,
  CUSTOS_LOG_KEY_FILE: file,
  CUSTOS_TRUST_FILE: file,
  CUSTOS_CHECKPOINT_FILE: file,
  CUSTOS_KEYHOLDER_CHECKPOINT_FILE: file,
  CUSTOS_WITNESSES_FILE: file.optional(),
  ...tokenShape,
  ...transitShape,
  CUSTOS_HOST: z.string().min(1).default('127.0.0.1'),
  CUSTOS_PORT: wholeNumber({ least: 0, most: 65_535 }).default(7100),
  CUSTOS_SEAL_WITHIN_MS: wholeNumber({ least: 0, most: 10_000 }).default(defaultSealWithinMs),
  CUSTOS_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  ...kafkaShape,
} as const;
const secrets = ['DATABASE_URL', 'CUSTOS_KEYHOLDER_DATABASE_URL', 'CUSTOS_KAFKA_PASSWORD'] as const;
/** Read by the command line, not by the service: known, so that they are no typing errors. */
const ofTheCommandLine = new Set([
  'CUSTOS_URL',
  'CUSTOS_TOKEN',
  'CUSTOS_DATA',
  'CUSTOS_DEBUG',
  'CUSTOS_MIGRATE_URL',
  'CUSTOS_DATABASE_URL',
  'CUSTOS_KEY_PASSPHRASE_FILE',
]);

/** A service that can reach these could open: it does not start with them in its environment. */
const ofTheKeyholderAlone = {
  CUSTOS_KEYHOLDER_DATABASE_URL: true,
  CUSTOS_ROOT_KEY_FILE: true,
  CUSTOS_KEYHOLDER_CHECKPOINT_FILE: true,
} as const;

const parts = {
  service: z.object(all).omit(ofTheKeyholderAlone),
  keyholder: z.object({
    CUSTOS_KEYHOLDER_DATABASE_URL: url,
    CUSTOS_KEYHOLDER_SOCKET: file,
    CUSTOS_KEYHOLDER_SECRET_FILE: file,
    CUSTOS_ROOT_KEY_FILE: file,
    CUSTOS_TRUST_FILE: file,
    CUSTOS_KEYHOLDER_CHECKPOINT_FILE: file,
    ...tokenShape,
    ...transitShape,
    // Left out, it knows nobody: then keys to know somebody by are half of something.
    CUSTOS_TOKEN_ISSUER: tokenShape.CUSTOS_TOKEN_ISSUER.optional(),
  }).refine(({ CUSTOS_TOKEN_ISSUER: issuer, CUSTOS_JWKS_FILE: keys, CUSTOS_JWKS_URL: at }) => issuer !== undefined || (keys ?? at) === undefined, { path: ['CUSTOS_TOKEN_ISSUER'] }), // prettier-ignore
  'root-key': z.object({
    CUSTOS_KEYHOLDER_DATABASE_URL: url.optional(),
    CUSTOS_ROOT_KEY_FILE: file,
    ...transitShape,
  }),
};

export interface ServiceEnvironment {
  readonly databaseUrl: string;
  readonly keyholderSocket: string;
  /** What both know each other by. */
  readonly keyholderSecretFile: string;
  readonly logKeyFile: string;
  readonly trustFile: string;
  readonly checkpointFile: string;
  readonly tokenIssuer: TokenIssuer;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly sealWithinMs: number;
  /** Undefined: no witness is asked. */
  readonly witnessesFile: string | undefined;
  /** Undefined: nothing of Kafka runs. */
  readonly kafka: KafkaSettings | undefined;
}
export interface RootKeyEnvironment {
  /** Only a rotation needs it. */
  readonly databaseUrl?: string;
  readonly rootKeyFile: string;
  /** What the file is sealed by. Left out: it lies in the clear. */
  readonly transit?: TransitSettings;
}
export interface KeyholderEnvironment extends RootKeyEnvironment {
  readonly databaseUrl: string;
  readonly keyholderSocket: string;
  /** What both know each other by. */
  readonly keyholderSecretFile: string;
  readonly trustFile: string;
  readonly checkpointFile: string;
  /** Whose word on who is a subject counts. Left out: nobody has a copy of their own. */
  readonly tokenIssuer?: TokenIssuer;
}

/** @throws Problem setting_invalid, naming every setting that is missing, wrong or unknown, and no value. */
export function readSettings(env: NodeJS.ProcessEnv, part: 'service'): ServiceEnvironment;
export function readSettings(env: NodeJS.ProcessEnv, part: 'keyholder'): KeyholderEnvironment;
export function readSettings(env: NodeJS.ProcessEnv, part: 'root-key'): RootKeyEnvironment;
export function readSettings(
  env: NodeJS.ProcessEnv,
  part: keyof typeof parts,
): ServiceEnvironment | KeyholderEnvironment | RootKeyEnvironment {
  const given = withSecretFiles(env);
  const parsed = parts[part].safeParse(given);
  const { kafka, issues: ofKafka } = part === 'service' ? kafkaSettings(given) : { issues: [] };
  const { issuer, issues: ofTokens } = tokenSettings(given);
  const { transit, issues: ofTransit } = transitSettings(given);
  const issues = [
    ...ofKafka,
    ...ofTokens,
    ...ofTransit,
    ...(parsed.error?.issues ?? []).map(({ path, code }) => ({ path: path.join('.'), rule: code })),
    ...unknownNames(env).map((name) => ({ path: name, rule: 'unknown' })),
    ...(part === 'service' ? namesOfTheKeyholder(given) : []).map((path) => ({ path, rule: 'of the keyholder alone' })),
    // Of two places for a secret one would be left out in silence.
    ...secrets.filter((name) => name in env && `${name}_FILE` in env).map((name) => ({ path: name, rule: `with ${name}_FILE` })), // prettier-ignore
    ...(issuer?.issuer === devIssuer && !isOfThisMachine(given['CUSTOS_HOST'] ?? '127.0.0.1')
      ? [{ path: 'CUSTOS_TOKEN_ISSUER', rule: 'of dev mode' }]
      : []),
  ];
  if (!parsed.success || issues.length > 0) throw new Problem('setting_invalid', { issues });
  const read = parsed.data as z.output<z.ZodObject<typeof all>>;
  const shared = {
    keyholderSocket: read.CUSTOS_KEYHOLDER_SOCKET,
    keyholderSecretFile: read.CUSTOS_KEYHOLDER_SECRET_FILE,
    trustFile: read.CUSTOS_TRUST_FILE,
  };
  const rootKey = {
    databaseUrl: read.CUSTOS_KEYHOLDER_DATABASE_URL,
    rootKeyFile: read.CUSTOS_ROOT_KEY_FILE,
    ...(transit === undefined ? {} : { transit }),
  };
  if (part === 'root-key') return rootKey;
  if (part === 'keyholder') {
    return {
      ...shared,
      ...rootKey,
      checkpointFile: read.CUSTOS_KEYHOLDER_CHECKPOINT_FILE,
      ...(issuer === undefined ? {} : { tokenIssuer: issuer }),
    };
  }
  return {
    ...shared,
    databaseUrl: read.DATABASE_URL,
    logKeyFile: read.CUSTOS_LOG_KEY_FILE,
    checkpointFile: read.CUSTOS_CHECKPOINT_FILE,
    tokenIssuer: issuer as TokenIssuer,
    host: read.CUSTOS_HOST,
    port: read.CUSTOS_PORT,
    logLevel: read.CUSTOS_LOG_LEVEL,
    sealWithinMs: read.CUSTOS_SEAL_WITHIN_MS,
    witnessesFile: read.CUSTOS_WITNESSES_FILE,
    kafka,
  };
}

/** Whoever reads a folder can be anybody of dev mode: they ask from here, or not at all. */
const isOfThisMachine = (host: string): boolean => /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/.test(host);

function withSecretFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const given = { ...env };
  for (const name of secrets) {
    const path = env[`${name}_FILE`];
    if (path !== undefined) given[name] = contentOf(path);
  }
  return given;
}

/** An unreadable file is as good as a missing setting, and is named as that. */
function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

const namesOfTheKeyholder = (given: NodeJS.ProcessEnv): string[] =>
  Object.keys(ofTheKeyholderAlone).filter((name) => given[name] !== undefined);

function unknownNames(env: NodeJS.ProcessEnv): string[] {
  const known = new Set<string>([...Object.keys(all), ...secrets.map((name) => `${name}_FILE`), ...ofTheCommandLine]);
  return Object.keys(env).filter((name) => name.startsWith('CUSTOS_') && !known.has(name));
}
