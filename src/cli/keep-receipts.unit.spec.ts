import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { receiptKeeper } from './keep-receipts.js';

const { origin, logKey, receipts } = JSON.parse(
  readFileSync(resolve(process.cwd(), 'src/log/vectors/receipts.v1.json'), 'utf8'),
) as { origin: string; logKey: string; receipts: { expect: string; receipt: string }[] };
const receiptThatIs = (expected: string) => receipts.find(({ expect }) => expect === expected)?.receipt;

let folder: string;
let trustFile: string;
let kept: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-keep-'));
  [trustFile, kept] = [join(folder, 'trust.json'), join(folder, 'receipts', 'today')];
  const keyholder = Buffer.alloc(32, 1).toString('base64');
  await writeFile(trustFile, JSON.stringify({ origin, log: logKey, keyholder, people: [] }));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a receipt is not kept', () => {
  it.each(['inclusion', 'checkpoint_signature', 'header_position', 'receipt_form'])('by its %s', async (check) => {
    const keep = await receiptKeeper(kept, trustFile);
    await expect(keep([receiptThatIs(check)])).rejects.toMatchObject({
      code: 'not_verified',
      members: { problems: [{ check }] },
    });
    expect(await readdir(kept)).toEqual([]);
  });

  it.each([[undefined], [42], [{ receipt: 'x' }]])('that is %p', async (receipt) => {
    const keep = await receiptKeeper(kept, trustFile);
    await expect(keep([receipt])).rejects.toMatchObject({ code: 'not_verified' });
  });

  it('where no folder can be made, which is found out before there is one', () =>
    expect(receiptKeeper(join(trustFile, 'here'), trustFile)).rejects.toMatchObject({ code: 'usage' }));

  it('without a trust file', () =>
    expect(receiptKeeper(kept, join(folder, 'none'))).rejects.toMatchObject({ code: 'trust_file_invalid' }));
});

it('receipts are kept as they came, under their positions', async () => {
  const good = receipts.filter(({ expect }) => expect === 'verified').map(({ receipt }) => receipt);
  await (
    await receiptKeeper(kept, trustFile)
  )([good[0], good[1]]);
  expect((await readdir(kept)).sort()).toEqual(['0.tlog-proof', '3.tlog-proof']);
  expect(await readFile(join(kept, '3.tlog-proof'), 'utf8')).toBe(good[1]);
});
