import { encodeHeader, type Entry } from '../log/header.js';
import { formatReceipt } from '../log/receipt.js';
import { signCheckpoint } from '../merkle/checkpoint.js';
import { leafHash, nodeHash } from '../merkle/hash.js';
import { ed25519Signer, formatVerifierKey } from '../merkle/note.js';
import { inclusionProof, memoryTree } from '../merkle/tree.js';
import { Problem } from '../problem.js';
import { disclosed } from './disclosed.js';
import { disclosureDiffers, namedLogKey } from './receipt.js';
import { Refusal } from './refusal.js';

const origin = 'custos.test/log';
const signer = ed25519Signer(origin, new Uint8Array(32).fill(7));
const logKey = namedLogKey(formatVerifierKey(origin, signer.publicKey));
const grant = '6a4d2c1e-0000-4000-8000-000000000001';
const asked = { grant, session: 'walk-1', fields: ['kind', 'url'], person: 'researcher' };
const index = 3;

const entryAt = (position: number, data: object = {}, type = 'disclosure.made') =>
  ({
    position,
    id: new Uint8Array(16),
    stream: `disclosure/${position}`,
    version: 0,
    type,
    at: 1,
    actor: 'researcher',
    data: { grant, session: 'walk-1', fields: ['kind', 'url'], versions: 1, records: 2, ...data },
    columns: [],
  }) as unknown as Entry;

/** A log of six entries, and the receipt of the one at `index`. */
async function receiptOf(entry: Entry): Promise<string> {
  const header = encodeHeader(entry);
  const leaves = Array.from({ length: 6 }, (_, i) => leafHash(i === index ? header : Uint8Array.of(i)));
  const tree = memoryTree(leaves);
  const proof = await inclusionProof(tree, index, 6);
  const checkpoint = signCheckpoint({ origin, size: 6, root: rootOf(leaves) }, signer);
  return formatReceipt({ index, proof, checkpoint, header });
}

/** RFC 6962 §2.1 by hand, for six leaves: apart from the code under test. */
function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  const [a, b, c, d, e, f] = leaves as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  return nodeHash(nodeHash(nodeHash(a, b), nodeHash(c, d)), nodeHash(e, f));
}

const record = (sequence: number) => ({ kind: 'record', sequence, fields: { kind: 'click' } });
const end = (records: number) => ({ kind: 'end', records });
const problem = (check: string) => ({
  code: 'not_verified',
  members: { problems: [{ position: index, check }] },
});

describe('a proven entry is another disclosure', () => {
  it.each([
    ['entry_grant', entryAt(index, { grant: '6a4d2c1e-0000-4000-8000-000000000002' })],
    ['entry_session', entryAt(index, { session: 'walk-2' })],
    ['entry_fields', entryAt(index, { fields: ['kind'] })],
    ['entry_fields', entryAt(index, { fields: ['kind', 'url', 'typed'] })],
    ['entry_person', { ...entryAt(index), actor: 'researcher2' } as Entry],
    ['entry_type', entryAt(index, {}, 'disclosure.refused')],
  ])('by %s', (check, entry) => expect(disclosureDiffers(entry, asked)).toEqual([check]));

  it('not in another order of its fields', () => {
    expect(disclosureDiffers(entryAt(index, { fields: ['url', 'kind'] }), asked)).toEqual([]);
  });
});

describe('a disclosure shows nothing', () => {
  it('under a receipt of another session', async () => {
    const lines = stream(await receiptOf(entryAt(index, { session: 'walk-2' })), record(0), end(1));
    await expect(readAll(lines)).rejects.toMatchObject(problem('entry_session'));
  });

  it('before a receipt', async () => {
    const answer = (async function* () {
      yield record(0);
    })();
    await expect(disclosed(answer, asked, logKey)).rejects.toMatchObject({ code: 'not_verified' });
  });
});

describe('a disclosure is not whole', () => {
  it.each([
    ['ended_before_its_last_line', [record(0)]],
    ['record_count', [record(0), end(2)]],
    ['field_not_in_receipt', [{ kind: 'record', sequence: 0, fields: { typed: 'x' } }, end(1)]],
    ['field_not_in_receipt', [{ kind: 'record', sequence: 0, time: 5, fields: {} }, end(1)]],
  ])('by %s', async (check, lines) => {
    const receipt = await receiptOf(entryAt(index));
    await expect(readAll(stream(receipt, ...lines))).rejects.toMatchObject(problem(check));
  });

  it('if the service says so in its last line', async () => {
    const receipt = await receiptOf(entryAt(index));
    const lines = stream(receipt, record(0), { kind: 'problem', ...new Problem('tampered').toJSON() });
    await expect(readAll(lines)).rejects.toBeInstanceOf(Refusal);
  });
});

it('a disclosure gives its records', async () => {
  const receipt = await receiptOf(entryAt(index));
  await expect(readAll(stream(receipt, record(0), record(1), end(2)))).resolves.toHaveLength(2);
});

async function* stream(receipt: string, ...rest: readonly unknown[]): AsyncGenerator<unknown> {
  yield { kind: 'receipt', disclosure: index, receipt };
  yield { kind: 'session', session: 'walk-1', format: 'rrweb', fields: ['kind', 'url'] };
  yield* rest;
}

async function readAll(lines: AsyncGenerator<unknown>): Promise<unknown[]> {
  const { records } = await disclosed(lines, asked, logKey);
  const read = [];
  for await (const one of records) read.push(one);
  return read;
}
