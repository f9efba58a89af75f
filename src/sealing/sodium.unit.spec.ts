import { inflateRawSync } from 'node:zlib';
import { toBase64, toHex } from './base64.js';
import { deflate as deflateInBrowser } from './deflate-browser.js';
import { deflate } from './deflate.js';
import { randomBytes } from './random.js';
import { libsodium, sodiumReady } from './sodium.js';

describe('libsodium', () => {
  it('is not given out before it is loaded, and is afterwards', async () => {
    expect(() => libsodium()).toThrow('libsodium is not loaded: await sodiumReady() first');
    await sodiumReady();
    expect(libsodium().crypto_box_PUBLICKEYBYTES).toBe(32);
  });
});

describe('bytes are written', () => {
  beforeAll(sodiumReady);
  const bytes = Uint8Array.of(0, 0xfb, 0xff, 0x10);

  it('as base64 of the standard alphabet, with padding', () => expect(toBase64(bytes)).toBe('APv/EA=='));
  it('as hex in small letters', () => expect(toHex(bytes)).toBe('00fbff10'));
});

it.each([
  ['zlib', deflate],
  ['the browser’s library', deflateInBrowser],
])('what %s deflates is one whole raw stream', (_name, deflated) => {
  const bytes = new Uint8Array(Buffer.from('{"key":"Enter"}'.repeat(200)));
  const stream = deflated(bytes);
  const { buffer, engine } = inflateRawSync(stream, { info: true }) as unknown as {
    buffer: Buffer;
    engine: { bytesWritten: number };
  };
  expect(new Uint8Array(buffer)).toEqual(bytes);
  expect(engine.bytesWritten).toBe(stream.length);
  expect(stream.length).toBeLessThan(bytes.length / 10);
});

it('random bytes are as many as asked for, and others each time', () => {
  expect([0, 1, 65_536].map((count) => randomBytes(count).length)).toEqual([0, 1, 65_536]);
  expect(randomBytes(32)).not.toEqual(randomBytes(32));
});
