import { frameBytes, openFrame, sealFrame } from './frame.js';
import { Secret } from './secret.js';
import { sodiumReady } from './sodium.js';

beforeAll(sodiumReady);

const key = new Secret(new Uint8Array(32).fill(1));
const format = { name: 'custos/test', version: 3 };
const binding = { place: 'here', count: 2, id: Uint8Array.of(1, 2) };
const message = Uint8Array.of(7, 8, 9);
const sealed = () => sealFrame(format, key, binding, message);

it('a frame is version, nonce, ciphertext and tag', () => {
  const nonce = new Uint8Array(24).fill(5);
  const framed = sealFrame(format, key, binding, message, nonce);
  expect(framed).toHaveLength(1 + 24 + 3 + 16);
  expect(framed.subarray(0, 25)).toEqual(Uint8Array.of(3, ...nonce));
  expect(openFrame(format, key, binding, framed)).toEqual(message);
});

it('a frame has another nonce each time', () => {
  const nonces = [sealed(), sealed()].map((framed) => Buffer.from(framed.subarray(1, 25)).toString('hex'));
  expect(nonces[0]).not.toBe(nonces[1]);
});

it('the smallest frame holds nothing, and a byte less is none', () => {
  const empty = sealFrame(format, key, binding, new Uint8Array());
  expect(empty).toHaveLength(frameBytes);
  expect(openFrame(format, key, binding, empty)).toEqual(new Uint8Array());
  expect(openFrame(format, key, binding, empty.subarray(0, -1))).toBeUndefined();
  for (const length of [0, 1, 24]) expect(openFrame(format, key, binding, empty.subarray(0, length))).toBeUndefined();
});

it.each([
  ['another format', { ...format, name: 'custos/other' }, binding],
  ['another version', { ...format, version: 4 }, binding],
  ['another member of the binding', format, { ...binding, place: 'there' }],
  ['a member less', format, { place: 'here', count: 2 }],
  ['a member more', format, { ...binding, more: 1 }],
  ['bytes that differ', format, { ...binding, id: Uint8Array.of(1, 3) }],
])('a frame does not open as that of %s', (_what, asked, bound) => {
  expect(openFrame(asked, key, bound, sealed())).toBeUndefined();
});

it('the version stands in the first byte and is authenticated too, so that a later one is not passed off as this one', () => {
  expect(openFrame(format, key, binding, sealed().with(0, 4))).toBeUndefined();
  expect(openFrame({ ...format, version: 4 }, key, binding, sealed().with(0, 4))).toBeUndefined();
});

it('what the binding says of format and version does not count', () => {
  const own = { ...binding, format: 'custos/other', version: 9 };
  expect(openFrame(format, key, binding, sealFrame(format, key, own, message))).toEqual(message);
});
