import { WireReader, wireString, wireUint32 } from './ssh-wire.js';

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');
const reader = (text: string) => new WireReader(new Uint8Array(Buffer.from(text, 'hex')));

it('a string is its length in four bytes, and its bytes', () => {
  expect(hex(wireString('é'))).toBe('00000002c3a9');
  expect(hex(wireString(Uint8Array.of(7)))).toBe('0000000107');
  expect(hex(wireString(''))).toBe('00000000');
  expect(hex(wireUint32(0x01020304))).toBe('01020304');
  expect(() => wireString('\ud800')).toThrow('SSH string: the text is not well-formed Unicode');
});

it('parts are read one after the other, to the end', () => {
  const read = reader('00000002c3a9' + 'ff' + '00000000');
  expect(read.isSpent).toBe(false);
  expect([hex(read.string()), hex(read.take(1)), hex(read.string())]).toEqual(['c3a9', 'ff', '']);
  expect(read.isSpent).toBe(true);
  expect(reader('').isSpent).toBe(true);
});

it('what is read is a copy', () => {
  const bytes = Uint8Array.of(1, 2);
  const taken = new WireReader(bytes).take(2);
  bytes.fill(0);
  expect(taken).toEqual(Uint8Array.of(1, 2));
});

it.each([
  ['000000', 'half a length'],
  ['00000002c3', 'a byte too few'],
  ['00000001', 'a length and no bytes'],
  ['ffffffffc3a9', 'a length past all there is'],
])('of %s (%s) nothing is read, and nothing after it', (text) => {
  const read = reader(text);
  expect(read.string()).toBeUndefined();
  expect(read.take(0)).toBeUndefined();
  expect(read.string()).toBeUndefined();
  expect(read.isSpent).toBe(false);
});
