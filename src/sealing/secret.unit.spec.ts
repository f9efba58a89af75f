import { format, inspect } from 'node:util';
import { Secret } from './secret.js';

const secret = () => new Secret(Uint8Array.from({ length: 32 }, (_, index) => 200 + (index % 50)));
/** The first bytes in every form that a careless line could print. */
const shown = /200|c8c9|yMnK|\u00c8/i;

describe('a secret never shows its bytes', () => {
  it.each<[string, (secret: Secret) => string]>([
    ['as JSON', (held) => JSON.stringify({ held })],
    ['inspected', (held) => inspect({ nested: { held } }, { depth: null, showHidden: true })],
    ['in a format string', (held) => format('%s %o %O %j', held, held, held, held)],
    ['in a template', (held) => `${held}`],
    ['joined to text', (held) => '' + held],
    ['as an error', (held) => String(new Error(held as unknown as string).stack)],
    ['as the cause of an error', (held) => inspect(new Error('failed', { cause: held }))],
    ['spread', (held) => JSON.stringify({ ...held })],
    ['by its members', (held) => JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(held)))],
    ['cloned', (held) => inspect(structuredClone(held), { showHidden: true })],
  ])('%s', (_, show) => {
    expect(show(secret())).not.toMatch(shown);
  });

  it('but its kind and length', () => {
    expect([`${secret()}`, JSON.stringify(secret()), inspect(secret())]).toEqual([
      '[Secret 32 bytes]',
      '"[Secret 32 bytes]"',
      '[Secret 32 bytes]',
    ]);
  });
});

describe('a wiped secret', () => {
  it('throws rather than serve as a key of zeroes', () => {
    const held = secret();
    held.wipe();
    expect(() => held.bytes).toThrow('the secret was wiped');
  });
  it('has zeroed the bytes that it was given, of a Buffer too', () => {
    const given = Buffer.from('00ff'.repeat(16), 'hex');
    new Secret(given).wipe();
    expect(given.every((byte) => byte === 0)).toBe(true);
  });
  it('can be wiped again, and says what it is', () => {
    const held = secret();
    held.wipe();
    held.wipe();
    expect(`${held}`).toBe('[Secret wiped]');
  });
});

it('a secret is bytes', () => {
  expect(() => new Secret('hex' as unknown as Uint8Array)).toThrow('Secret: expected bytes, got string');
});
