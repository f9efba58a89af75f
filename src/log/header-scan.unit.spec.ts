import fc from 'fast-check';
import { decodeCanonical, encodeCanonical } from '../sealing/canonical.js';
import { encodeHeader, type Entry } from './header.js';
import { columnAt, HeaderScan } from './header-scan.js';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('session/s1', 'ü'));
const count = fc.oneof(fc.nat({ max: 30 }), fc.maxSafeNat());
const column = fc.record({ field: text, bytes: count, sha256: fc.uint8Array({ minLength: 32, maxLength: 32 }) });
const entries = fc.record(
  {
    position: count,
    id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    stream: text,
    version: count,
    type: text,
    at: count,
    actor: text,
    subject: text,
    data: fc.dictionary(text, fc.oneof(count, text, fc.boolean(), fc.array(text))),
    columns: fc.array(column, { maxLength: 4 }),
    command: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  },
  { requiredKeys: ['position', 'id', 'stream', 'version', 'type', 'at', 'actor', 'data', 'columns'] },
) as unknown as fc.Arbitrary<Entry>;

/** What the scan must agree with: a whole decoding, and the shape of its value looked at by hand. */
function isHeaderByTwin(bytes: Uint8Array): boolean {
  let value: Record<string, unknown>;
  try {
    value = decodeCanonical(bytes) as Record<string, unknown>;
  } catch {
    return false;
  }
  if (typeof value !== 'object' || value === null) return false;
  const whole = (one: unknown) => typeof one === 'number' && Number.isInteger(one) && one >= 0;
  const sized = (one: unknown, length: number) => one instanceof Uint8Array && one.length === length;
  const { v, position, id, stream, version, type, at, actor, subject, data, columns, command } = value;
  const names = ['v', 'position', 'id', 'stream', 'version', 'type', 'at', 'actor', 'data', 'columns'];
  const isColumn = (one: { field?: unknown; bytes?: unknown; sha256?: unknown }) =>
    Object.keys(one ?? {}).length === 3 && typeof one.field === 'string' && whole(one.bytes) && sized(one.sha256, 32);
  return (
    Object.keys(value).length === names.length + ('subject' in value ? 1 : 0) + ('command' in value ? 1 : 0) &&
    (v === 2 || (v === 1 && !('command' in value))) &&
    (!('command' in value) || sized(command, 32)) &&
    [position, version, at].every(whole) &&
    [stream, type, actor, ...('subject' in value ? [subject] : [])].every((one) => typeof one === 'string') &&
    sized(id, 16) &&
    Object.prototype.toString.call(data) === '[object Object]' &&
    Array.isArray(columns) &&
    columns.every(isColumn)
  );
}

const scan = new HeaderScan();
function isHeader(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  try {
    scan.pass(bytes, from, to);
    return true;
  } catch {
    return false;
  }
}

const entry = {
  position: 7,
  id: new Uint8Array(16),
  stream: 'session/s1',
  version: 3,
  type: 'session.batch',
  at: 1_780_000_000_000,
  actor: 'source',
  subject: 's1',
  data: { first: 0 },
  columns: [{ field: 'typed', bytes: 300, sha256: new Uint8Array(32).fill(5) }],
} as unknown as Entry;
const clear = { v: 2, ...entry };
const command = new Uint8Array(32).fill(7);

describe('bytes are no header', () => {
  it.each<[string, unknown]>([
    ['of another version', { ...clear, v: 3 }],
    ['that name a command in version 1', { ...clear, v: 1, command }],
    ['that name a command with 31 bytes', { ...clear, command: command.slice(1) }],
    ['with a member that it does not have', { ...clear, extra: 1 }],
    ['with another member in the place of one', { ...clear, actor: undefined, actot: 'source' }],
    ['with an id of 15 bytes', { ...clear, id: new Uint8Array(15) }],
    ['with data that is no map', { ...clear, data: [] }],
    ['with a negative position', { ...clear, position: -1 }],
    ['with a number for a stream', { ...clear, stream: 1 }],
    ['with a column that is no map', { ...clear, columns: [1] }],
    ['with a hash of 31 bytes', { ...clear, columns: [{ ...entry.columns[0], sha256: new Uint8Array(31) }] }],
    ['being an array', [1]],
  ])('%s', (_, value) => {
    const members = Array.isArray(value)
      ? value
      : Object.entries(value as object).filter(([, one]) => one !== undefined);
    expect(isHeader(encodeCanonical(Array.isArray(value) ? value : Object.fromEntries(members)))).toBe(false);
    expect(isHeader(encodeHeader(entry))).toBe(true);
  });

  it('cut short, or with a byte behind the end', () => {
    const bytes = encodeHeader(entry);
    for (let end = 0; end < bytes.length; end += 1) {
      expect(isHeader(bytes.slice(0, end))).toBe(false);
      expect(isHeader(bytes, 0, end)).toBe(false);
    }
    expect(isHeader(Uint8Array.from([...bytes, 0]))).toBe(false);
  });

  it('exactly where a whole decoding finds none, whatever byte was changed, taken out or put in', () => {
    const changed = fc
      .tuple(entries, fc.nat(), fc.nat({ max: 255 }), fc.constantFrom(0, 1, 2))
      .map(([one, where, byte, how]) => {
        const bytes = [...encodeHeader(one)];
        bytes.splice(where % bytes.length, how === 2 ? 0 : 1, ...(how === 1 ? [] : [byte]));
        return Uint8Array.from(bytes);
      });
    fc.assert(
      fc.property(changed, (bytes) => expect(isHeader(bytes)).toBe(isHeaderByTwin(bytes))),
      { numRuns: 5_000 },
    );
  });
});

describe('the scan of a header', () => {
  it('passes version 1 without a command, and version 2 with one', () => {
    expect(isHeader(encodeCanonical({ ...clear, v: 1 }))).toBe(true);
    expect(isHeader(encodeCanonical({ ...clear, command }))).toBe(true);
  });

  it('finds every member where the decoding has it, also between other bytes', () => {
    fc.assert(
      fc.property(entries, fc.nat({ max: 9 }), (one, offset) => {
        const header = encodeHeader(one);
        const bytes = new Uint8Array(offset + header.length + 9).fill(0xff);
        bytes.set(header, offset);
        scan.pass(bytes, offset, offset + header.length);
        const textAt = (from: number, to: number) =>
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(from, to));
        const { at, version, position } = scan;
        expect({ at, version, position }).toEqual({ at: one.at, version: one.version, position: one.position });
        expect(textAt(scan.typeFrom, scan.typeTo)).toBe(one.type);
        expect(textAt(scan.streamFrom, scan.streamTo)).toBe(one.stream);
        expect(scan.commandFrom < 0 ? undefined : bytes.slice(scan.commandFrom, scan.commandFrom + 32)).toEqual(
          one.command,
        );
        expect(scan.subjectFrom < 0 ? undefined : textAt(scan.subjectFrom, scan.subjectTo)).toBe(one.subject);
        let next = scan.columnsFrom;
        const columns = Array.from({ length: scan.columns }, () => {
          const { fieldFrom, fieldTo, bytes: size, sha256From, end } = columnAt(bytes, next);
          next = end;
          return { field: textAt(fieldFrom, fieldTo), bytes: size, sha256: bytes.slice(sha256From, sha256From + 32) };
        });
        expect(columns).toEqual(one.columns);
      }),
      { numRuns: 500 },
    );
  });
});
