import { encode } from 'cborg';
import { CborRoom } from './cbor-room.js';

const firstRoom = 4096;

/** Writes what the test says, and shows how much room is kept. */
class Room extends CborRoom {
  readonly refused: string[] = [];

  of(...items: readonly (string | number | Uint8Array)[]): string | undefined {
    const bytes = this.written(() => items.forEach((item) => this.item(item)));
    return bytes && Buffer.from(bytes).toString('hex');
  }
  nested(): unknown[] {
    const inner: unknown[] = [];
    const outer = this.written(() => {
      this.byte(1);
      inner.push(this.written(() => this.byte(2)));
      this.byte(3);
    });
    return [outer, ...inner];
  }
  failing(): void {
    this.written(() => {
      this.byte(9);
      throw new Error('of a getter');
    });
  }
  get kept(): number {
    return this.room.length;
  }
  protected override malformed(text: string): void {
    this.refused.push(text);
  }
  private item(item: string | number | Uint8Array): void {
    if (typeof item === 'string') this.text(item);
    else if (typeof item === 'number') this.integer(item);
    else this.bytes(item);
  }
}
const byTwin = (value: unknown) => Buffer.from(encode(value)).toString('hex');

it('integers have the shortest form on both sides of each border', () => {
  const borders = [23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 5, Number.MAX_SAFE_INTEGER];
  for (const one of [0, ...borders]) {
    expect(new Room().of(one)).toBe(byTwin(one));
    expect(new Room().of(-one || -1)).toBe(byTwin(-one || -1));
  }
});

it('texts and bytes are those of a general encoder, however long, and wherever the room ends', () => {
  const room = new Room();
  for (const length of [0, 1, 23, 24, 255, 256, firstRoom - 10, firstRoom - 1, firstRoom, firstRoom + 1, 65_535, 65_536, 200_000]) {
    for (const one of ['a'.repeat(length), 'é'.repeat(length), `${'a'.repeat(length)}€`, new Uint8Array(length).fill(7)])
      expect(room.of(one)).toBe(byTwin(one));
    // As the first thing, and with the room nearly full.
    const before = new Uint8Array(firstRoom - 20);
    expect(room.of(before, 'é'.repeat(length), 1)).toBe(byTwin(before) + byTwin('é'.repeat(length)) + byTwin(1));
  }
}); // prettier-ignore

it('the first character past ASCII is one of two bytes', () => {
  expect(new Room().of('\u007f', '\u0080', 'a\u0080')).toBe('617f' + '62c280' + '6361c280');
});

it('a text that UTF-8 cannot hold is left to whoever writes, and nothing of it stands there', () => {
  const room = new Room();
  expect(room.of('a', 'b\ud800', 'c')).toBe('61616163');
  expect(room.refused).toEqual(['b\ud800']);
});

it('what is written is memory of its own', () => {
  const room = new Room();
  const first = room.of('first');
  expect(room.of('second')).toBe(byTwin('second'));
  expect(first).toBe(byTwin('first'));
});

it('a room that is being written to is not written to again meanwhile, and is free afterwards', () => {
  const room = new Room();
  expect(room.nested()).toEqual([Uint8Array.of(1, 3), undefined]);
  expect(() => room.failing()).toThrow('of a getter');
  expect(room.of('a')).toBe('6161');
});

it('room grows twofold, and only if there is too little of it', () => {
  const room = new Room();
  // With the head, which takes three bytes, the first room is full; a second item does not fit.
  const full = new Uint8Array(firstRoom - 3);
  room.of(full);
  expect(room.kept).toBe(firstRoom);
  room.of(full, 1);
  expect(room.kept).toBe(2 * firstRoom);
});

it('what is kept between two uses is at most 64 KiB', () => {
  const room = new Room();
  // With the head, which takes three bytes.
  room.of(new Uint8Array(16 * firstRoom - 3));
  expect(room.kept).toBe(16 * firstRoom);
  room.of(new Uint8Array(16 * firstRoom - 2));
  expect(room.kept).toBe(firstRoom);
  expect(room.of('a'.repeat(5_000))).toBe(byTwin('a'.repeat(5_000)));
});
