import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Problem } from '../problem.js';
import { readSettings } from './settings.js';

const plain = {
  DATABASE_URL: 'postgres://custos_service@127.0.0.1/custos',
  CUSTOS_KEYHOLDER_SOCKET: 'socket',
  CUSTOS_KEYHOLDER_SECRET_FILE: 'keyholder.secret',
  CUSTOS_LOG_KEY_FILE: 'log.key',
  CUSTOS_TRUST_FILE: 'trust.json',
  CUSTOS_CHECKPOINT_FILE: 'checkpoint',
  CUSTOS_JWKS_FILE: 'jwks.json',
  CUSTOS_TOKEN_ISSUER: 'https://identity.example',
};
const secured = { ...plain, KAFKA_BROKERS: 'a.example:9093,b.example:9093', CUSTOS_KAFKA_USER: 'custos' };
const read = (env: Record<string, string>) => readSettings(env, 'service');

/** `NAME rule` of every issue. */
function refused(env: Record<string, string>): string[] {
  try {
    read(env);
    return [];
  } catch (error) {
    return ((error as Problem).members.issues ?? []).map(({ path, rule }) => `${path} ${rule}`).sort();
  }
}

it('posts wait half a second for others unless told otherwise, and ten at most', () => {
  expect(read(plain).sealWithinMs).toBe(500);
  expect(read({ ...plain, CUSTOS_SEAL_WITHIN_MS: '0' }).sealWithinMs).toBe(0);
  expect(refused({ ...plain, CUSTOS_SEAL_WITHIN_MS: '10001' })).toEqual(['CUSTOS_SEAL_WITHIN_MS too_big']);
});

it('a service does not start with what would let it open', () => {
  const own = { CUSTOS_ROOT_KEY_FILE: 'root.key', CUSTOS_KEYHOLDER_DATABASE_URL: 'postgres://custos_keyholder@127.0.0.1/custos', CUSTOS_KEYHOLDER_CHECKPOINT_FILE: 'checkpoint' }; // prettier-ignore
  for (const [name, value] of Object.entries(own)) {
    expect(refused({ ...plain, [name]: value })).toEqual([`${name} of the keyholder alone`]);
  }
});

describe('a setting is never another one than was meant:', () => {
  it.each([
    ['an empty port', { CUSTOS_PORT: '' }, 'CUSTOS_PORT invalid_format'],
    ['a port that is no number', { CUSTOS_PORT: '71OO' }, 'CUSTOS_PORT invalid_format'],
    ['a time that is empty', { CUSTOS_SEAL_WITHIN_MS: ' ' }, 'CUSTOS_SEAL_WITHIN_MS invalid_format'],
    ['a number of Kafka that is empty', { CUSTOS_KAFKA_STALLED_SECONDS: '' }, 'CUSTOS_KAFKA_STALLED_SECONDS invalid_format'],
    ['no names for roles, where ours would count', { CUSTOS_ROLE_NAMES: '' }, 'CUSTOS_ROLE_NAMES custom'],
    ['a list of nothing', { CUSTOS_ROLE_NAMES: ' , ' }, 'CUSTOS_ROLE_NAMES custom'],
    ['people of dev mode, where others can ask', { CUSTOS_TOKEN_ISSUER: 'custos-dev', CUSTOS_HOST: '0.0.0.0' }, 'CUSTOS_TOKEN_ISSUER of dev mode'],
  ])('%s', (_what, given, issue) => expect(refused({ ...plain, ...given })).toEqual([issue])); // prettier-ignore

  it('a secret in two places', () =>
    expect(refused({ ...plain, DATABASE_URL_FILE: '/nowhere' })).toContain('DATABASE_URL with DATABASE_URL_FILE'));

  it('on this machine alone, people of dev mode may be', () => {
    const { host, tokenIssuer } = read({ ...plain, CUSTOS_TOKEN_ISSUER: 'custos-dev' });
    expect([host, tokenIssuer.issuer]).toEqual(['127.0.0.1', 'custos-dev']);
    expect(refused({ ...plain, CUSTOS_TOKEN_ISSUER: 'custos-dev', CUSTOS_HOST: '::1' })).toEqual([]);
  });
});

describe('settings of Kafka', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'custos-settings-'))));
  afterAll(() => rmSync(folder, { recursive: true }));
  const fileOf = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('are refused all at once, with those of everything else, and no value is repeated', () => {
    const { DATABASE_URL: _url, ...rest } = secured;
    const issues = refused({
      ...rest,
      CUSTOS_KAFKA_TLS: 'off',
      CUSTOS_KAFKA_KEY_FILE: '/nowhere',
      CUSTOS_KAFKA_TYPO: 'x',
    });
    expect(issues).toEqual([
      'CUSTOS_KAFKA_CERT_FILE missing',
      'CUSTOS_KAFKA_KEY_FILE unreadable',
      'CUSTOS_KAFKA_PASSWORD missing',
      'CUSTOS_KAFKA_TLS a password needs TLS',
      'CUSTOS_KAFKA_TYPO unknown',
      'DATABASE_URL invalid_type',
    ]);
  });

  it.each([
    ['brokers without a port', { KAFKA_BROKERS: 'a.example' }, 'KAFKA_BROKERS invalid_format'],
    ['a topic that is no name', { CUSTOS_KAFKA_LOG_TOPIC: 'a b' }, 'CUSTOS_KAFKA_LOG_TOPIC invalid_format'],
    [
      'messages smaller than a header',
      { CUSTOS_KAFKA_MAX_MESSAGE_BYTES: '99999' },
      'CUSTOS_KAFKA_MAX_MESSAGE_BYTES too_small',
    ],
    [
      'a topic to take that is written',
      { CUSTOS_KAFKA_INGEST_TOPICS: 'records,custos.log' },
      'CUSTOS_KAFKA_INGEST_TOPICS a topic that is written',
    ],
    [
      'a topic to take that is no name',
      { CUSTOS_KAFKA_INGEST_TOPICS: 'records,,more' },
      'CUSTOS_KAFKA_INGEST_TOPICS.1 invalid_format',
    ],
    [
      'one topic for two things',
      { CUSTOS_KAFKA_LOG_TOPIC: 'custos.checkpoints' },
      'CUSTOS_KAFKA_CHECKPOINT_TOPIC same as the log topic',
    ],
  ])('are refused with %s', (_what, wrong, issue) => {
    expect(refused({ ...secured, CUSTOS_KAFKA_PASSWORD: 'p', ...wrong })).toEqual([issue]);
  });

  it('are none without brokers, whatever else is set', () => {
    expect(read({ ...plain, CUSTOS_KAFKA_USER: 'custos' }).kafka).toBeUndefined();
  });

  it('take topics by a list, and none where there is none', () => {
    const env = { ...secured, CUSTOS_KAFKA_PASSWORD: 'p' };
    expect(read(env).kafka?.ingest).toBeUndefined();
    expect(read({ ...env, CUSTOS_KAFKA_INGEST_TOPICS: 'one,two' }).kafka?.ingest).toEqual({
      topics: ['one', 'two'],
      group: 'custos',
      deadLetterTopic: undefined,
      sessionTimeoutMs: 30_000,
    });
  });

  it('take the password and certificates from files, and TLS unless it is turned off', () => {
    const env = {
      ...secured,
      CUSTOS_KAFKA_PASSWORD_FILE: fileOf('password', 'secret\n'),
      CUSTOS_KAFKA_CA_FILE: fileOf('ca', 'PEM'),
    };
    expect(read(env).kafka).toEqual({
      connection: {
        brokers: ['a.example:9093', 'b.example:9093'],
        clientId: 'custos',
        tls: { ca: 'PEM' },
        sasl: { mechanism: 'scram-sha-512', username: 'custos', password: 'secret' },
      },
      publish: { logTopic: 'custos.log', checkpointTopic: 'custos.checkpoints' },
      mostMessageBytes: 1_000_000,
      stalledMs: 60_000,
    });
    const open = { ...plain, KAFKA_BROKERS: '127.0.0.1:9092', CUSTOS_KAFKA_TLS: 'off', CUSTOS_KAFKA_SASL: 'off' };
    expect(read(open).kafka?.connection).toEqual({ brokers: ['127.0.0.1:9092'], clientId: 'custos' });
  });
});

describe('settings of tokens', () => {
  const { CUSTOS_JWKS_FILE: _file, ...bare } = plain;
  const usual = {
    issuer: 'https://identity.example',
    audience: 'custos',
    algorithms: ['EdDSA', 'ES256'],
    type: 'at+jwt',
  };

  it.each([
    ['keys in two places', { ...plain, CUSTOS_JWKS_URL: 'https://a.example/jwks' }, 'CUSTOS_JWKS_URL with CUSTOS_JWKS_FILE'],
    ['an algorithm with a shared secret', { ...plain, CUSTOS_TOKEN_ALGORITHMS: 'ES256,HS256' }, 'CUSTOS_TOKEN_ALGORITHMS.1 invalid_value'],
    ['no algorithm', { ...plain, CUSTOS_TOKEN_ALGORITHMS: 'none' }, 'CUSTOS_TOKEN_ALGORITHMS.0 invalid_value'],
    ['a type of other tokens', { ...plain, CUSTOS_TOKEN_TYPE: 'id+jwt' }, 'CUSTOS_TOKEN_TYPE invalid_value'],
    ['a role that there is none of', { ...plain, CUSTOS_ROLE_NAMES: 'admins=root' }, 'CUSTOS_ROLE_NAMES custom'],
  ])('are refused with %s', (_, env, issue) => expect(refused(env)).toEqual([issue])); // prettier-ignore
  it('are few where the provider publishes what it is', () =>
    expect(read(bare).tokenIssuer).toMatchObject({ ...usual, keys: { in: 'metadata' } }));
  it('name keys, claims and roles where it does not', () => {
    const { tokenIssuer } = read({ ...bare, CUSTOS_JWKS_URL: 'https://a.example/jwks', CUSTOS_TOKEN_ALGORITHMS: 'RS256', CUSTOS_ROLES_CLAIM: '/realm_access/roles', CUSTOS_ROLE_NAMES: 'vault-readers=researcher' }); // prettier-ignore
    expect(tokenIssuer).toMatchObject({
      algorithms: ['RS256'],
      rolesClaim: '/realm_access/roles',
      roleNames: new Map([['vault-readers', 'researcher']]),
      keys: { in: 'url', url: 'https://a.example/jwks' },
    });
  });
});
