import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { receiptVerdictText, verifyReceiptFile } from './verify-receipt.js';

const vectors = JSON.parse(readFileSync(resolve(process.cwd(), 'src/log/vectors/receipts.v1.json'), 'utf8')) as {
  logKey: string;
  receipts: { expect: string; receipt: string }[];
};
const receiptThatIs = (expected: string) =>
  vectors.receipts.findLast(({ expect }) => expect === expected)?.receipt as string;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-receipt-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function verify(text: string) {
  const file = join(folder, 'receipt.txt');
  await writeFile(file, text);
  return verifyReceiptFile(file, { logKey: vectors.logKey, trustFile: join(folder, 'none') });
}

describe('a receipt in a file does not verify', () => {
  it.each(['inclusion', 'checkpoint_signature', 'receipt_form'])(
    'by its %s, and nothing is said of an entry',
    async (check) => {
      const verdict = await verify(receiptThatIs(check));
      expect(verdict).toMatchObject({ ok: false, entries: 0, problems: [{ check }] });
      expect(verdict).not.toHaveProperty('type');
      expect(receiptVerdictText(verdict)).toBe(`NOT VERIFIED: ${check}`);
    },
  );

  it('that is larger than any receipt', async () => {
    expect(await verify(receiptThatIs('verified').padEnd(300_000, '\n'))).toMatchObject({ ok: false, entries: 0 });
  });

  it('that cannot be read', () =>
    expect(verifyReceiptFile(folder, { logKey: vectors.logKey, trustFile: '' })).rejects.toMatchObject({
      code: 'usage',
    }));
});

it('a receipt in a file says who did what when, with the log key alone', async () => {
  const verdict = await verify(receiptThatIs('verified'));
  expect(verdict).toEqual({
    ok: true,
    entries: 1,
    bodies: 0,
    checkpoints: 1,
    origin: 'custos.example/log',
    position: 4,
    type: 'grant.revoked',
    at: Date.UTC(2026, 0, 1) + 4000,
    actor: 'approver1',
    problems: [],
  });
  expect(receiptVerdictText(verdict)).toBe(
    'Verified: entry 4 of custos.example/log is grant.revoked by approver1 at 2026-01-01T00:00:04.000Z',
  );
});
