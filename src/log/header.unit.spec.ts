import type { RequestId } from './ids.js';
import { decodeHeader, encodeHeader, mostHeaderBytes, type Entry } from './header.js';

const rejected = (reason: string) =>
  ({
    position: 7,
    id: new Uint8Array(16),
    stream: 'request/r',
    version: 1,
    type: 'request.rejected',
    at: 1,
    actor: 'approver1',
    data: { request: 'r' as RequestId, reason },
    columns: [],
  }) as unknown as Entry;

it('a header is refused one byte above what an entry bundle can carry', () => {
  const overhead = encodeHeader(rejected('x'.repeat(60_000))).length - 60_000;
  const longest = encodeHeader(rejected('x'.repeat(mostHeaderBytes - overhead)));
  expect(longest).toHaveLength(mostHeaderBytes);
  expect(decodeHeader(longest)).toMatchObject({ type: 'request.rejected' });
  expect(() => encodeHeader(rejected('x'.repeat(mostHeaderBytes - overhead + 1)))).toThrow(
    expect.objectContaining({ code: 'entry_too_large', members: { limit: 65_535 } }),
  );
});

it('a question about the past is a header like any other, with its moments as they were asked', () => {
  const { subject: _subject, ...place } = { ...rejected('x'), subject: undefined };
  const data = { question: 'exposure', from: 7, to: '2026-01-31T09:00:00Z', policy: new Uint8Array(32) };
  const entry = { ...place, type: 'history.read', stream: 'history', data } as unknown as Entry;
  expect(decodeHeader(encodeHeader(entry))).toEqual(entry);
});
