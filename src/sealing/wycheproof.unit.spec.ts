import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { open, seal } from './aead.js';
import { Secret } from './secret.js';
import { verify } from './signature.js';
import { sodiumReady } from './sodium.js';

interface Group<Test> {
  readonly ivSize: number;
  readonly publicKey: { readonly pk: string };
  readonly tests: readonly (Test & { tcId: number; comment: string; result: 'valid' | 'invalid' })[];
}

const folder = resolve(process.cwd(), '../shared/vectors/wycheproof');
const describeWithVectors = existsSync(folder) ? describe : describe.skip;
if (describeWithVectors === describe.skip) console.warn(`skipped: Wycheproof's vectors are not in ${folder}`);

const groupsOf = <Test>(file: string): Group<Test>[] =>
  existsSync(folder) ? JSON.parse(readFileSync(resolve(folder, file), 'utf8')).testGroups : [];
const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

beforeAll(sodiumReady);

describeWithVectors('XChaCha20-Poly1305 agrees with Wycheproof', () => {
  type Aead = Record<'key' | 'iv' | 'aad' | 'msg' | 'ct' | 'tag', string>;
  const groups = groupsOf<Aead>('xchacha20_poly1305_test.json');
  const tests = groups.flatMap(({ ivSize, tests }) => tests.map((test) => ({ ivSize, ...test })));

  it('on every test', () => expect(tests).toHaveLength(315));

  it.each(tests)('$tcId $result: $comment', ({ ivSize, key, iv, aad, msg, ct, tag, result }) => {
    const input = { nonce: fromHex(iv), boundTo: fromHex(aad) };
    const opening = () => open(new Secret(fromHex(key)), input, fromHex(ct + tag));
    if (ivSize !== 192) return expect(opening).toThrow(`nonce: expected 24 bytes, got ${ivSize / 8}`);
    expect(opening()).toEqual(result === 'valid' ? fromHex(msg) : undefined);
    if (result === 'valid') expect(seal(new Secret(fromHex(key)), input, fromHex(msg))).toEqual(fromHex(ct + tag));
  });
});

describeWithVectors('Ed25519 agrees with Wycheproof', () => {
  const groups = groupsOf<Record<'msg' | 'sig', string>>('ed25519_test.json');
  const tests = groups.flatMap(({ publicKey, tests }) => tests.map((test) => ({ publicKey, ...test })));

  it('on every test', () => expect(tests).toHaveLength(151));

  it.each(tests)('$tcId $result: $comment', ({ publicKey, msg, sig, result }) => {
    expect(verify(fromHex(publicKey.pk), fromHex(msg), fromHex(sig))).toBe(result === 'valid');
  });
});
