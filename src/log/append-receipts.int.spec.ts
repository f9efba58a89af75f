import { verifyReceipt } from './receipt.js';
import { append, command, consent, origin, TestLog, verifiers } from './test-log.spec.js';

let test: TestLog;
beforeEach(async () => (test = await TestLog.open()));
afterEach(() => test.close());

const positionsProven = (receipts: readonly string[]) =>
  receipts.map((receipt) => {
    const verified = verifyReceipt(receipt, { origin, verifiers });
    return verified.kind === 'verified' ? verified.entry.position : verified.check;
  });

describe('an append is answered with receipts', () => {
  it('of every entry it wrote, which verify with the public key alone and are those of the stored tree', async () => {
    const { log } = test;
    const writes = Array.from({ length: 600 }, (_, index) =>
      append(log, ...Array.from({ length: 1 + (index % 2) }, () => consent(`subject/${index % 5}`))),
    );
    for (const { positions, receipts } of await Promise.all(writes)) {
      const made = await receipts();
      expect(positionsProven(made)).toEqual(positions);
      if (positions[0] !== undefined && positions[0] % 97 === 0) {
        expect(made).toEqual(await Promise.all(positions.map((position) => log.tree.receipt(position))));
      }
    }
  });

  it('that read nothing back', async () => {
    const { receipts, positions } = await append(test.log, consent(), consent());
    const superuser = test.pool('superuser');
    await superuser.query('SET session_replication_role = replica; TRUNCATE log.entry, log.checkpoint, log.tile');
    expect(positionsProven(await receipts())).toEqual(positions);
  });

  it('also where it repeats a command, at once or after a restart', async () => {
    const again = command('again-and-again');
    const once = (log = test.log) => log.append(again, () => ({ entries: [consent()], answer: null }));
    const [first, inTheSameGroup] = await Promise.all([once(), once()]);
    const restarted = test.instance();
    await restarted.start();
    const receipts = await first.receipts();
    expect(positionsProven(receipts)).toEqual([1]);
    for (const { repeated, receipts: repeatedReceipts } of [inTheSameGroup, await once(), await once(restarted)]) {
      expect(repeated).toBe(true);
      expect(await repeatedReceipts()).toEqual(receipts);
    }
  });

  it('of nothing, where it wrote nothing', async () => {
    expect(await (await append(test.log)).receipts()).toEqual([]);
  });
});
