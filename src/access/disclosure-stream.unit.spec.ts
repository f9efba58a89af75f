import type { Readable } from 'node:stream';
import type { OpenedBatch } from '../keys/keyholder-port.js';
import type { FieldName } from '../log/fields.js';
import type { Position, SessionId } from '../log/ids.js';
import { Problem } from '../problem.js';
import { disclosureStream } from './disclosure-stream.js';

const position = (value: number) => value as Position;
const batch = (given: Partial<OpenedBatch>): OpenedBatch => ({
  ...{ sequences: [], times: [], columns: {}, expired: [] },
  ...given,
});

const about = {
  ...{ disclosure: position(7), receipt: 'receipt', session: 's' as SessionId, format: 'rrweb', expiresAt: undefined },
  fields: ['typed', 'url'] as FieldName[],
};

/** What went out, chunk by chunk, each as its lines. */
async function sent(batches: readonly (OpenedBatch | Error)[]): Promise<unknown[][]> {
  async function* opened() {
    for (const one of batches) {
      if (one instanceof Error) throw one;
      yield one;
    }
  }
  const chunks: unknown[][] = [];
  for await (const chunk of disclosureStream({ ...about, batches: opened() }, Infinity)) {
    const lines = String(chunk).split('\n');
    expect(lines.pop()).toBe('');
    chunks.push(lines.map((line) => JSON.parse(line) as unknown));
  }
  return chunks;
}

const receipt = { kind: 'receipt', disclosure: 7, receipt: 'receipt' };
const session = { kind: 'session', session: 's', format: 'rrweb', fields: ['typed', 'url'] };

describe('a disclosure as lines', () => {
  it('has its receipt in front of all plaintext, in one chunk with the first records, and ends with their number', async () => {
    const first = batch({ sequences: [3, 5], columns: { typed: ['a', undefined], url: [undefined, null] } });
    const second = batch({ sequences: [6], times: [1000], columns: { typed: ['b'] } });
    expect(await sent([first, second])).toEqual([
      [
        receipt,
        session,
        { kind: 'record', sequence: 3, fields: { typed: 'a' } },
        { kind: 'record', sequence: 5, fields: { url: null } },
      ],
      [{ kind: 'record', sequence: 6, time: 1000, fields: { typed: 'b' } }],
      [{ kind: 'end', records: 3 }],
    ]);
  });

  it('of nothing has its receipt too', async () => {
    expect(await sent([])).toEqual([[receipt, session, { kind: 'end', records: 0 }]]);
  });

  it('names what is past its retention once a field, before its end', async () => {
    const gone = (records: number) => batch({ expired: [{ field: 'url', position: position(4), records }] });
    expect((await sent([gone(2), gone(3)])).flat()).toEqual([
      receipt,
      session,
      { kind: 'expired', field: 'url', position: 4, records: 5 },
      { kind: 'end', records: 0 },
    ]);
  });

  it('that breaks off says so instead of an end, behind its receipt or what was sent', async () => {
    const problem = (code: string) => expect.objectContaining({ kind: 'problem', code }) as unknown;
    expect(await sent([new Problem('tampered')])).toEqual([[receipt, session, problem('tampered')]]);
    const first = batch({ sequences: [3], columns: { typed: ['a'] } });
    expect((await sent([first, new Error('of ours')])).at(-1)).toEqual([problem('internal')]);
  });
});

describe('a disclosure whose reader is gone', () => {
  /** Says how the release ended, as the handler's own generator does. */
  function release(end = Infinity) {
    const ended: string[] = [];
    async function* opened() {
      let outcome = 'broken off';
      try {
        yield batch({ sequences: [1], columns: { typed: ['a'] } });
        yield batch({ sequences: [2], columns: { typed: ['b'] } });
        outcome = 'delivered';
      } finally {
        ended.push(outcome);
      }
    }
    return { ended, stream: disclosureStream({ ...about, batches: opened() }, end) };
  }
  const closed = (stream: Readable) => new Promise((resolve) => stream.once('close', resolve).destroy());

  it('before anything of it was read is ended, so that nobody holds a key for it', async () => {
    const { ended, stream } = release();
    await closed(stream);
    expect(ended).toEqual(['broken off']);
  });

  it('in the middle is ended', async () => {
    const { ended, stream } = release();
    await new Promise((resolve) => stream.once('readable', resolve));
    await closed(stream);
    expect(ended).toEqual(['broken off']);
  });
  it('by the time that its grant ends is ended with it', async () => {
    const { ended, stream } = release(Date.now() - 60_000);
    await new Promise((resolve) => stream.once('close', resolve));
    expect(ended).toEqual(['broken off']);
  });
});
