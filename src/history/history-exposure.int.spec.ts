import { setTimeout as sleep } from 'node:timers/promises';
import { freshCommand, researcher, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { policyWith } from '../access/given-policy.spec.js';
import type { Policy } from '../access/policy.js';
import type { FieldName } from '../log/fields.js';
import { decodeHeader } from '../log/header.js';
import type { SessionId, SubjectId } from '../log/ids.js';
import { writeCommand } from '../log/write-command.js';
import { HistoryExposure, HistoryExposureHandler } from './history-exposure.js';

let vault: VaultInProcess;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(10));
  await vault.ingest('two', 's2', typedRecords(4));
});
afterEach(() => vault.stop());

const exposure = (from: number, to = vault.log.size, policy?: Policy, filter = {}) =>
  new HistoryExposureHandler(vault.log).execute(
    new HistoryExposure({ from, to }, filter, { after: 0, limit: 100 }, policy),
  );

describe('exposure', () => {
  it('tells who could, with the grant and from which entry to which, and who did, and what is unknown', async () => {
    const one = await vault.grant('one', ['typed']);
    const granted = vault.log.size;
    const two = await vault.grant('two', ['typed', 'time']);
    await vault.read(one, 'one');
    await vault.log.append(writeCommand(freshCommand(), researcher, 'lost'), () => ({
      entries: [
        {
          type: 'disclosure.made',
          stream: `request/${two}`,
          subject: 's2' as SubjectId,
          data: { grant: two, session: 'two' as SessionId, fields: ['typed'] as FieldName[], versions: 9, records: 4 },
        },
      ],
      answer: null,
    }));
    const { position } = await vault.revoke(one);
    const { summary, rows, next } = await exposure(1);
    expect(next).toBeNull();
    expect(rows).toMatchObject([
      { kind: 'did', person: researcher, session: 'one', records: 10, outcome: 'delivered', allowed: true },
      { kind: 'did', person: researcher, session: 'two', records: 4, outcome: 'unknown', allowed: true },
      { kind: 'could', grant: one, sessions: [{ session: 'one', subject: 's1' }], fields: ['typed'], since: { position: granted }, until: { position: position + 1 } },
      { kind: 'could', grant: two, sessions: [{ session: 'two', subject: 's2' }], fields: ['time', 'typed'], until: null },
    ]); // prettier-ignore
    expect(summary).toMatchObject({
      could: { persons: 1, subjects: 2, sessions: 2 },
      did: { records: 14, delivered: 1, unknown: 1, notAllowed: 0 },
      persons: [{ person: researcher, couldSubjects: 2, didSubjects: 2, releases: 2, unknown: 1, records: 14 }],
    });
    // Before the completion was written, that release was unknown too.
    const released = rows[0]?.kind === 'did' ? rows[0].position : 0;
    expect((await exposure(1, released + 1)).summary.did).toMatchObject({ delivered: 0, unknown: 1, records: 10 });
    expect((await exposure(1, undefined, undefined, { subject: 's2' })).summary.rows).toBe(2);
  });

  it('is told as if another policy had been in force, also one below the floors', async () => {
    const grant = await vault.grant('one', ['typed']);
    await vault.read(grant, 'one');
    const supposed = policyWith((policy) => ((policy.version = 9), (policy.classes.private.quorum = 3)));
    const { ifPolicy, rows } = await exposure(1, undefined, supposed);
    expect(ifPolicy).toMatch(/^[0-9a-f]{64}$/);
    expect(rows).toMatchObject([{ kind: 'did', allowed: false }]);
  });

  it('is not asked of another part of the log, because a column says that it was another time', async () => {
    const grant = await vault.grant('one', ['typed']);
    await sleep(5);
    const { disclosure } = await vault.read(grant, 'one');
    await sleep(5);
    await vault.ingest('two', 's2', typedRecords(1, 'later', 4));
    const { size, at: to } = await vault.log.reader.head();
    await sleep(5);
    await vault.revoke(grant);
    const { at: from } = decodeHeader(await vault.log.reader.header(disclosure));
    const [since, until] = [new Date(from).toISOString(), new Date(to).toISOString()];
    const asked = () =>
      new HistoryExposureHandler(vault.log).execute(
        new HistoryExposure({ from: since, to: until }, {}, { after: 0, limit: 100 }, undefined),
      );
    expect((await asked()).to.position).toBe(size);
    // The reading came after all that is asked about, by the table.
    await vault.asIntruder(`UPDATE log.entry SET at = ${to + 1} WHERE position >= ${disclosure}`);
    await expect(asked()).rejects.toMatchObject({ code: 'log_corrupt' });
  });

  it('is the same, byte for byte, whenever it is asked', async () => {
    const grant = await vault.grant('one', ['typed']);
    const to = vault.log.size;
    const first = JSON.stringify(await exposure(0, to));
    await vault.read(grant, 'one');
    expect(JSON.stringify(await exposure(0, to))).toBe(first);
  });
});
