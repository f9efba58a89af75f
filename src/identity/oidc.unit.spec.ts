import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash, randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider from 'oidc-provider';
import { askedAgainAfterMs, oldestKeysMs } from './issuer-keys.js';
import { tokenIssuer, type TokenIssuer } from './token-issuer.js';
import { tokenVerifier, type TokenVerifier } from './tokens.js';

/** Tokens of a real OpenID provider (`oidc-provider`), asked for as clients and people ask. */
const vault = 'https://vault.example';
let provider: RunningProvider;
let verifier: TokenVerifier;
let milliseconds = 0;
beforeAll(async () => {
  provider = await RunningProvider.start();
});
beforeEach(async () => {
  // It warns of being a provider of a test.
  for (const how of ['warn', 'info'] as const) jest.spyOn(console, how).mockImplementation(() => undefined);
  await provider.publish(await newKey('first'));
  verifier = await tokenVerifier(from({ in: 'metadata' }));
  [milliseconds, provider.asked] = [0, 0];
  // What jose asks the time of is how old its keys are; tokens are judged by another clock.
  const real = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => real + milliseconds);
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => provider.close());

const from = (keys: TokenIssuer['keys'], differing: Partial<TokenIssuer> = {}) =>
  tokenIssuer({ issuer: provider.issuer, audience: vault, keys, ...differing });
const invalid = { code: 'token_invalid' };
const unavailable = { code: 'identity_provider_unavailable' };

describe('a token of the provider is refused', () => {
  it('for another audience', async () =>
    expect(verifier.verify(await provider.accessToken('https://payroll.example'))).rejects.toMatchObject(invalid));
  it('if it is an ID token', async () => {
    const { idToken } = await provider.signIn();
    await expect(verifier.verify(idToken)).rejects.toMatchObject(invalid);
  });
  it('if it is opaque', async () =>
    expect(verifier.verify(await provider.opaqueToken())).rejects.toMatchObject(invalid));
  it('by another issuer with the same keys', async () => {
    const other = await tokenVerifier({
      ...from({ in: 'url', url: provider.jwksUrl }),
      issuer: 'https://other.example',
    });
    await expect(other.verify(await provider.accessToken(vault))).rejects.toMatchObject(invalid);
  });
});

describe('a token of the provider is taken', () => {
  it('from a machine, by client_credentials', async () =>
    expect(await verifier.verify(await provider.accessToken(vault))).toMatchObject({ id: 'recorder', roles: new Set(['source']) })); // prettier-ignore
  it('from a person, by authorization code with PKCE', async () => {
    const { accessToken } = await provider.signIn();
    expect(await verifier.verify(accessToken)).toMatchObject({ id: 'ann', roles: new Set(['researcher']) });
  });
  it('under a key that came after the last look, once somebody may look again', async () => {
    await verifier.verify(await provider.accessToken(vault));
    await provider.publish(await newKey('second'));
    const token = await provider.accessToken(vault);
    await expect(verifier.verify(token)).rejects.toMatchObject(invalid);
    expect(provider.asked).toBe(1);
    milliseconds += askedAgainAfterMs;
    expect((await verifier.verify(token)).id).toBe('recorder');
    expect(provider.asked).toBe(2);
  });
});

describe('while the provider is away', () => {
  it('tokens are taken until the keys are too old, and then none, and again when it is back', async () => {
    const token = await provider.accessToken(vault);
    await verifier.verify(token);
    provider.isAway = true;
    milliseconds = oldestKeysMs - 1;
    expect((await verifier.verify(token)).id).toBe('recorder');
    milliseconds = oldestKeysMs;
    await expect(verifier.verify(token)).rejects.toMatchObject(unavailable);
    await expect(verifier.verify(token)).rejects.toMatchObject(unavailable);
    provider.isAway = false;
    expect((await verifier.verify(token)).id).toBe('recorder');
  });
  it('a withdrawn key counts no longer than that', async () => {
    const token = await provider.accessToken(vault);
    await verifier.verify(token);
    await provider.publish(await newKey('third'));
    milliseconds = oldestKeysMs;
    await expect(verifier.verify(token)).rejects.toMatchObject(invalid);
  });
  it('whoever sends unknown key ids makes nobody else wait for a look', async () => {
    const token = await provider.accessToken(vault);
    await verifier.verify(token);
    const [header = '', ...rest] = token.split('.');
    const unknown = [Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(header, 'base64url').toString()), kid: 'x' })).toString('base64url'), ...rest].join('.'); // prettier-ignore
    for (let n = 0; n < 20; n += 1) await expect(verifier.verify(unknown)).rejects.toMatchObject(invalid);
    expect(provider.asked).toBe(1);
    expect((await verifier.verify(token)).id).toBe('recorder');
  });
});

describe('nothing starts', () => {
  const refused = (rule: string) => ({
    code: 'setting_invalid',
    members: { issues: [expect.objectContaining({ rule })] },
  });
  it('while the metadata are not to be had', async () => {
    provider.isAway = true;
    await expect(tokenVerifier(from({ in: 'metadata' }))).rejects.toMatchObject(refused('metadata_unavailable'));
    provider.isAway = false;
  });
  it('with the metadata of another issuer', async () => {
    const issuer = provider.issuer.replace('127.0.0.1', 'localhost');
    const attempt = tokenVerifier({ ...from({ in: 'metadata' }), issuer });
    await expect(attempt).rejects.toMatchObject(refused('metadata_of_another_issuer'));
  });
  it('with keys from an address that anybody on the way can change', () =>
    expect(tokenVerifier(from({ in: 'url', url: 'http://identity.example/jwks' }))).rejects.toMatchObject(refused('https_needed'))); // prettier-ignore
});

async function newKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' };
}

/** On this machine, at one address for all its lives; a new key is a new life. */
class RunningProvider {
  isAway = false;
  /** How often somebody has fetched its keys. */
  asked = 0;
  private handler: http.RequestListener = (_request, response) => void response.writeHead(503).end();
  private constructor(private readonly server: http.Server) {}

  static async start(): Promise<RunningProvider> {
    const server = http.createServer();
    const provider = new RunningProvider(server);
    server.on('request', (request, response) => {
      if (request.url === '/jwks') provider.asked += 1;
      if (provider.isAway) response.writeHead(503).end();
      else provider.handler(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return provider;
  }
  async close(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }
  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  get jwksUrl(): string {
    return `${this.issuer}/jwks`;
  }

  publish(key: JWK): Promise<void> {
    const roles: Record<string, string[]> = { recorder: ['source'], ann: ['researcher', 'somebody else’s'] };
    const signs = { id_token_signed_response_alg: 'ES256' };
    const provider = new Provider(this.issuer, {
      jwks: { keys: [key] },
      cookies: { keys: ['of a test'] },
      clients: [
        { client_id: 'recorder', client_secret: 'secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], ...signs }, // prettier-ignore
        { client_id: 'app', client_secret: 'secret', redirect_uris: ['https://app.example/back'], ...signs },
      ],
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => undefined,
          useGrantedResource: () => true,
          getResourceServerInfo: (_context: unknown, audience: string) => ({ scope: 'ask', audience, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }), // prettier-ignore
        },
      },
      enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
      scopes: ['openid', 'ask'],
      findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
      extraTokenClaims: (_context: unknown, { accountId, clientId }: { accountId?: string; clientId: string }) => ({ roles: roles[accountId ?? clientId] ?? [] }), // prettier-ignore
      // Whoever signs in is ann, and agrees: the pages for that are not what is tested.
      interactions: { url: () => '/sign-in' },
      loadExistingGrant: async (context: { oidc: Oidc }) => {
        const { Grant } = context.oidc.provider;
        const grant = new Grant({ accountId: 'ann', clientId: 'app' });
        grant.addOIDCScope('openid ask');
        grant.addResourceScope(vault, 'ask');
        await grant.save();
        return grant;
      },
    });
    const rest = provider.callback();
    this.handler = (request, response) => {
      if (request.url !== '/sign-in') return rest(request, response);
      return void provider.interactionFinished(request, response, { login: { accountId: 'ann' } });
    };
    return Promise.resolve();
  }

  accessToken = (resource: string) => this.token({ grant_type: 'client_credentials', resource, scope: 'ask' });
  opaqueToken = () => this.token({ grant_type: 'client_credentials' });

  private async token(body: Record<string, string>): Promise<string> {
    return (await this.post(body, 'recorder')).access_token as string;
  }
  private async post(body: Record<string, string>, client: string): Promise<Record<string, unknown>> {
    const authorization = `Basic ${Buffer.from(`${client}:secret`).toString('base64')}`;
    const answer = await fetch(`${this.issuer}/token`, { method: 'POST', headers: { authorization }, body: new URLSearchParams(body) }); // prettier-ignore
    expect([answer.status, answer.status === 200 ? '' : await answer.clone().text()]).toEqual([200, '']);
    return (await answer.json()) as Record<string, unknown>;
  }

  /** As a browser would, which has signed in already. */
  async signIn(): Promise<{ accessToken: string; idToken: string }> {
    const verifierText = randomBytes(32).toString('base64url');
    const asking = new URLSearchParams({
      client_id: 'app',
      response_type: 'code',
      redirect_uri: 'https://app.example/back',
      scope: 'openid ask',
      resource: vault,
      nonce: 'n',
      code_challenge: createHash('sha256').update(verifierText).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const cookies = new Map<string, string>();
    let at = `${this.issuer}/auth?${asking}`;
    for (let hops = 0; at.startsWith(this.issuer) && hops < 6; hops += 1) {
      const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
      const { headers } = await fetch(at, { redirect: 'manual', headers: { cookie } });
      for (const set of headers.getSetCookie())
        cookies.set(...(set.split(';', 1)[0]?.split('=', 2) as [string, string]));
      at = new URL(headers.get('location') ?? 'none:', this.issuer).href;
    }
    const code = new URL(at).searchParams.get('code');
    const answer = await this.post(
      { grant_type: 'authorization_code', code: code ?? '', redirect_uri: 'https://app.example/back', code_verifier: verifierText, resource: vault }, // prettier-ignore
      'app',
    );
    return { accessToken: answer['access_token'] as string, idToken: answer['id_token'] as string };
  }
}

interface Oidc {
  readonly provider: {
    readonly Grant: new (of: object) => {
      addOIDCScope(scope: string): void;
      addResourceScope(resource: string, scope: string): void;
      save(): Promise<string>;
    };
  };
}
