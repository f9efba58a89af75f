import { start, typedRecords, freshCommand, researcher, VaultInProcess } from '../../test/vault-in-process.js';
import type { DisclosureMade } from '../log/entries.js';
import type { FieldName } from '../log/fields.js';
import type { GrantId, PersonId, Position, SessionId, SubjectId } from '../log/ids.js';
import { writeCommand } from '../log/write-command.js';
import { ed25519Signer, formatVerifierKey } from '../merkle/note.js';
import { certifies } from './attestation.js';
import type { KeyholderPort } from './keyholder-port.js';

let vault: VaultInProcess;
let grant: GrantId;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(10));
  grant = await vault.grant('one', ['typed']);
});
afterEach(() => vault.stop());

async function open(position: Position, keyholder: KeyholderPort = vault.keyholder) {
  const batches = [];
  for await (const batch of keyholder.open(position)) batches.push(batch);
  return batches;
}

/** Writes a disclosure's entry as a stolen service could: without asking `decide`. */
async function forge(changes: Partial<DisclosureMade> = {}, actor: PersonId = researcher): Promise<Position> {
  const data = {
    grant,
    session: 'one' as SessionId,
    fields: ['typed'] as FieldName[],
    versions: 100,
    records: 10,
    ...changes,
  };
  const { positions } = await vault.log.append(writeCommand(freshCommand(), actor, 'forged'), () => ({
    entries: [{ type: 'disclosure.made', stream: `request/${grant}`, data, subject: 's1' as SubjectId }],
    answer: null,
  }));
  return positions[0] as Position;
}

describe('the keyholder refuses, although the log holds the entry, a disclosure', () => {
  it.each([
    ['of a field that was not granted', { fields: ['typed', 'kind'] }],
    ['of no field', { fields: [] }],
    ['of a session that was not granted', { session: 'two' }],
    ['under a grant that there is not', { grant: '00000000-0000-4000-8000-000000000000' }],
    ['charged with fewer records than it would get', { records: 9 }],
    ['past its budget', { records: 1001 }],
    ['charged with a part of a record, which no budget counts', { records: 99.5 }],
    ['charged in words, which no budget counts', { records: '99' }],
    ['charged with a list, which no budget counts', { records: [99] }],
  ])('%s', async (_what, changes) => {
    // Unchanged, the same entry opens.
    expect(await open(await forge())).toHaveLength(1);
    await expect(open(await forge(changes as Partial<DisclosureMade>))).rejects.toMatchObject({
      code: 'keyholder_refused',
    });
  });

  it('of somebody who is not its holder', async () => {
    await expect(open(await forge({}, 'researcher2' as PersonId))).rejects.toMatchObject({ code: 'keyholder_refused' });
  });

  it('after its revocation', async () => {
    await vault.revoke(grant);
    await expect(open(await forge())).rejects.toMatchObject({ code: 'keyholder_refused' });
  });

  it('that was opened before, also by another keyholder', async () => {
    const position = await forge();
    expect(await open(position)).toHaveLength(1);
    await expect(open(position)).rejects.toMatchObject({ code: 'keyholder_refused' });
    await expect(open(position, await vault.openKeyholder())).rejects.toMatchObject({ code: 'keyholder_refused' });
  });

  it('a second time where it is asked for ten times at once', async () => {
    const position = await forge();
    const opened = await Promise.allSettled(Array.from({ length: 10 }, () => open(position)));
    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('a minute after its commit, and not before', async () => {
    const [early, late] = [await forge(), await forge()];
    vault.clock = () => Date.now() + 55_000;
    expect(await open(early)).toHaveLength(1);
    vault.clock = () => Date.now() + 61_000;
    await expect(open(late)).rejects.toMatchObject({ code: 'keyholder_refused' });
  });

  it('that is dated ahead by more than clocks differ', async () => {
    const [near, far] = [await forge(), await forge()];
    vault.clock = () => Date.now() - 55_000;
    expect(await open(near)).toHaveLength(1);
    vault.clock = () => Date.now() - 61_000;
    await expect(open(far)).rejects.toMatchObject({ code: 'keyholder_refused' });
  });

  it('at a position that is none', async () => {
    await expect(open(0 as Position)).rejects.toMatchObject({ code: 'keyholder_refused' });
    await expect(open(999 as Position)).rejects.toMatchObject({ code: 'keyholder_refused' });
  });
});

describe('the keyholder stops', () => {
  it('at a header that was changed since', async () => {
    const position = await forge();
    const fresh = vault.openKeyholder();
    await (await fresh).start();
    await vault.asIntruder(
      "UPDATE log.entry SET header = set_byte(header, 30, get_byte(header, 30) # 1) WHERE type = 'request.approved'",
    );
    await expect(vault.openKeyholder()).rejects.toMatchObject({ code: 'log_corrupt' });
    expect(position).toBeGreaterThan(0);
  });

  it('at a header that was changed before it came there, while it runs, and for good', async () => {
    const position = await forge();
    await vault.asIntruder(
      'UPDATE log.entry SET header = set_byte(header, 30, get_byte(header, 30) # 1) WHERE position = $1',
      [position],
    );
    const later = await forge();
    for (const asked of [open(position), open(later), vault.keyholder.register('s1' as SubjectId)]) {
      await expect(asked).rejects.toMatchObject({ code: 'log_corrupt', members: { position } });
    }
  });

  describe('where a revocation was taken out: the grant does not live again', () => {
    let position: number;
    beforeEach(async () => {
      ({ position } = await vault.revoke(grant));
      await vault.consent('s1', 'given');
    });
    const stops = async () => {
      await expect(vault.openKeyholder()).rejects.toMatchObject({ code: 'log_corrupt', members: { position } });
      await expect(vault.openLog()).rejects.toMatchObject({ code: 'log_corrupt', members: { position } });
    };

    it('with a gap', async () => {
      await vault.asIntruder('DELETE FROM log.entry WHERE position = $1', [position]);
      await stops();
    });

    it('and the rest moved up', async () => {
      await vault.asIntruder(`DELETE FROM log.entry WHERE position = ${position};
        UPDATE log.entry SET position = position - 1 WHERE position > ${position};
        UPDATE log.head SET size = c.size, checkpoint = c.note FROM log.checkpoint c WHERE c.size = ${position + 1}`);
      await stops();
    });

    it('with the head put back to the signed one before it, in the sight of a running keyholder', async () => {
      await open(await forge()).catch(() => undefined);
      await vault.asIntruder(`DELETE FROM log.entry WHERE position >= ${position};
        UPDATE log.head SET size = c.size, checkpoint = c.note FROM log.checkpoint c WHERE c.size = ${position}`);
      const refused = vault.keyholder.register('s1' as SubjectId);
      await expect(refused).rejects.toMatchObject({ code: 'log_rolled_back', members: { size: position } });
    });
  });

  it('at an entry that is older than the one below it: the end of a grant is counted from a time that never was', async () => {
    await vault.asIntruder('UPDATE log.head SET at = at + 3000000');
    const longer = await vault.grant('one', ['typed']);
    await vault.asIntruder('UPDATE log.head SET at = 0');
    const { position } = await vault.consent('s1', 'given');
    for (const asked of [vault.read(longer, 'one'), vault.openKeyholder()]) {
      await expect(asked).rejects.toMatchObject({ code: 'log_corrupt', members: { position } });
    }
  });

  it('at a log that another key signed', async () => {
    const other = ed25519Signer(vault.trust.origin, new Uint8Array(32).fill(9));
    const trust = { ...vault.trust, log: formatVerifierKey(other.name, other.publicKey) };
    await expect(vault.openKeyholder(trust)).rejects.toMatchObject({ code: 'log_corrupt' });
  });
});

describe('sealed columns do not open', () => {
  const swap = (where: string) => `UPDATE log.body a SET sealed = b.sealed FROM log.body b WHERE ${where}`;

  it.each([
    ['in the place of another field', swap("a.field = 'typed' AND b.field = 'kind' AND a.position = b.position")],
    [
      'after one bit was changed',
      "UPDATE log.body SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE field = 'typed'",
    ],
    ['after they were deleted', "DELETE FROM log.body WHERE field = 'typed'"],
    ['cut short', "UPDATE log.body SET sealed = substring(sealed FOR 50) WHERE field = 'typed'"],
  ])('%s', async (_what, sql) => {
    await vault.asIntruder(sql);
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'tampered' });
  });

  it('with the key of another subject in the place of their own', async () => {
    await vault.ingest('two', 's2', typedRecords(3));
    await vault.asIntruder(
      "UPDATE keys.subject_key a SET wrapped = b.wrapped FROM keys.subject_key b WHERE a.subject = 's1' AND b.subject = 's2'",
    );
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'tampered' });
  });

  it('with a second key of their subject: none is made, which would outlive the erasure of the first', async () => {
    await vault.asIntruder('DELETE FROM keys.subject_key');
    await expect(vault.keyholder.register('s1' as SubjectId)).rejects.toMatchObject({ code: 'key_unknown' });
    expect((await vault.asIntruder('SELECT FROM keys.subject_key')).rowCount).toBe(0);
  });

  it('without their key, which is an error and no erasure', async () => {
    await vault.asIntruder('DELETE FROM keys.subject_key');
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'key_unknown' });
  });
});

describe('a key that somebody put into the database', () => {
  it('is never sealed to', async () => {
    await vault.asIntruder("INSERT INTO keys.subject_key VALUES ('s9', 'planted', $1, $2)", [
      Buffer.alloc(32, 5),
      Buffer.alloc(73, 5),
    ]);
    await expect(vault.ingest('nine', 's9', typedRecords(1))).rejects.toMatchObject({ code: 'tampered' });
    await expect(vault.log.reader.session('nine' as SessionId)).resolves.toEqual([]);
  });

  it('is never sealed to, also where only the public half was exchanged before its registration', async () => {
    const planted = Buffer.alloc(32, 5);
    await vault.keyholder.register('s9' as SubjectId);
    await vault.asIntruder("UPDATE keys.subject_key SET public_key = $1 WHERE subject = 's9'", [planted]);
    await expect(vault.keyholder.register('s9' as SubjectId)).rejects.toMatchObject({ code: 'tampered' });
  });

  it('is no use to a keyholder of another installation: it does not start, and its own starts', async () => {
    const stranger = vault.startKeyholderWith(new Uint8Array(32).fill(9));
    await expect(stranger).rejects.toMatchObject({ code: 'root_key_wrong' });
    expect(await vault.startKeyholderWith(vault.rootKey.bytes)).toBe(0);
  });
});

describe('an erased subject', () => {
  const erase = () => vault.erase('s1');

  it('is gone for every reader, with the tombstone, and a certificate that anyone checks', async () => {
    const { rows } = await vault.asIntruder('SELECT * FROM keys.subject_key');
    expect(rows).toHaveLength(1);
    const { position, certificate } = await erase();
    await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'subject_erased', members: { position } });
    await expect(open(await forge())).rejects.toMatchObject({ code: 'keyholder_refused' });
    expect((await vault.asIntruder('SELECT * FROM keys.subject_key')).rows).toEqual([]);
    const { signature, ...claim } = certificate;
    expect(certifies(vault.trust.keyholder, claim, new Uint8Array(Buffer.from(signature, 'base64')))).toBe(true);
    expect(
      certifies(
        vault.trust.keyholder,
        { ...claim, subject: 's2' as SubjectId },
        new Uint8Array(Buffer.from(signature, 'base64')),
      ),
    ).toBe(false);
    expect(await erase()).toMatchObject({ position });
  });

  it('stays erased when a backup brings the key back: it is destroyed before anything opens', async () => {
    const [row] = (await vault.asIntruder('SELECT * FROM keys.subject_key')).rows;
    const { position } = await erase();
    await vault.asIntruder('INSERT INTO keys.subject_key VALUES ($1, $2, $3, $4)', [
      row.subject,
      row.key_id,
      row.public_key,
      row.wrapped,
    ]);
    const restarted = await vault.openKeyholder();
    expect((await vault.asIntruder('SELECT * FROM keys.subject_key')).rows).toEqual([]);
    await expect(restarted.register('s1' as SubjectId)).rejects.toMatchObject({
      code: 'subject_erased',
      members: { position },
    });
    await expect(vault.read(grant, 'one', ['typed'], restarted)).rejects.toMatchObject({ code: 'subject_erased' });
  });

  it('is gone for a disclosure that was committed before the tombstone and not opened yet', async () => {
    const committed = await forge();
    const { position } = await erase();
    await expect(open(committed)).rejects.toMatchObject({ code: 'subject_erased', members: { position } });
  });

  it('is suppressed when they are recorded again', async () => {
    await erase();
    expect(await vault.ingest('again', 's1', typedRecords(3))).toMatchObject({ suppressed: 3, accepted: 0 });
  });
});

describe('the keyholder opens', () => {
  it('exactly the granted fields, without times', async () => {
    const { records, fields } = await vault.read(grant, 'one');
    expect(fields).toEqual(['typed']);
    expect(records).toHaveLength(10);
    expect(records[3]).toEqual({
      sequence: 3,
      time: undefined,
      fields: { typed: { source: 5, text: 'typed 3', id: 7 } },
    });
  });

  it('only records inside the grant’s range of time, where it cuts through a batch', async () => {
    const cut = await vault.grant('one', ['typed', 'time'], { from: start + 3000, to: start + 5000 });
    const { records } = await vault.read(cut, 'one');
    expect(records.map(({ sequence, time }) => [sequence, time])).toEqual([
      [3, start + 3000],
      [4, start + 4000],
      [5, start + 5000],
    ]);
  });

  it('no record that holds nothing of what was granted', async () => {
    const mouse = { type: 3, data: { source: 2, x: 1, y: 2 }, timestamp: start };
    await vault.ingest('mixed', 's1', [
      ...typedRecords(2),
      { time: start + 2000, data: mouse },
      ...typedRecords(1, 'typed', 3),
    ]);
    const { records } = await vault.read(await vault.grant('mixed', ['pointer']), 'mixed');
    expect(records.map(({ sequence }) => sequence)).toEqual([2]);
  });

  it('what was there when it was asked, and nothing that came later', async () => {
    const position = await forge({ versions: 3 });
    await vault.ingest('one', 's1', typedRecords(5, 'later', 10), { first: 10 });
    expect((await open(position)).flatMap(({ sequences }) => sequences)).toHaveLength(10);
  });
});
