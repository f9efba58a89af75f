import type { CommandBus, QueryBus } from '@nestjs/cqrs';
import { typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import { policyWith } from '../access/given-policy.spec.js';
import { accessKey } from '../access/access-state.js';
import type { Person, Role } from '../identity/person.js';
import { decodeHeader } from '../log/header.js';
import type { PersonId, SubjectId } from '../log/ids.js';
import { HistoryController } from './history.http.js';
import { HistoryReaders, HistoryReadersHandler, HistoryReadings } from './history-readers.js';

let vault: VaultInProcess;
let seen: unknown[];
let controller: HistoryController;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(1));
  seen = [];
  // Stands where the answer is made, and looks whether the log has the question already.
  const execute = async () => {
    const { size } = await vault.log.reader.head();
    const { type, actor, subject, data } = decodeHeader(await vault.log.reader.header(size - 1));
    seen.push({ type, actor, ...(subject === undefined ? {} : { subject }), data });
    return 'the answer';
  };
  const [queries, commands] = [{ execute } as unknown as QueryBus, {} as CommandBus];
  controller = new HistoryController(queries, commands, new HistoryReadings(vault.log));
});
afterEach(() => vault.stop());

const person = (id: string, role: Role, subject?: string) =>
  ({
    id: id as PersonId,
    roles: new Set([role]),
    tokenExpiresAt: Infinity,
    ...(subject === undefined ? {} : { subject: subject as SubjectId }),
  }) satisfies Person;
const auditor = person('auditor', 'auditor');
const s1 = 's1' as SubjectId;
const page = { after: 0, limit: 10 };

describe('who reads history', () => {
  it('is in the log, with the question, before the answer is made', async () => {
    const policy = policyWith((one) => (one.version = 2));
    await controller.whoCanRead(auditor, { at: 2, subject: s1, purpose: 'an incident of today' });
    await controller.at(auditor, {});
    await controller.diff(auditor, { from: 1, to: '2026-01-31T09:00:00Z' });
    await controller.exposure(auditor, { from: 1, to: 2, field: 'typed', ...page });
    await controller.exposureIf(auditor, { from: 1, to: 2, policy, ...page });
    await controller.ledger(auditor, s1, {});
    const by = { type: 'history.read', actor: 'auditor' };
    expect(seen).toEqual([
      { ...by, subject: 's1', data: { question: 'reach', at: 2, purpose: 'an incident of today' } },
      { ...by, data: { question: 'state' } },
      { ...by, data: { question: 'diff', from: 1, to: '2026-01-31T09:00:00Z' } },
      { ...by, data: { question: 'exposure', from: 1, to: 2, field: 'typed' } },
      { ...by, data: { question: 'exposure', from: 1, to: 2, policy: expect.any(Uint8Array) } },
      { ...by, subject: 's1', data: { question: 'ledger' } },
    ]);
    expect((await vault.verify()).problems).toEqual([]);
  });

  it('is nobody’s business where it is their own ledger, and is refused unasked where it is not', async () => {
    const size = vault.log.size;
    await controller.ledger(person('subject:s1', 'subject', 's1'), s1, {});
    await expect(controller.ledger(person('subject:s2', 'subject', 's2'), s1, {})).rejects.toMatchObject({
      code: 'role_missing',
    });
    expect((await vault.log.reader.head()).size).toBe(size);
  });

  it('is told in order, page by page, and changes nothing that is decided on', async () => {
    const before = vault.log.state.of(accessKey);
    for (const at of [1, 2, 3]) await controller.at(auditor, { at });
    const readers = (after: number, limit: number) =>
      new HistoryReadersHandler(vault.log).execute(new HistoryReaders(after, limit));
    expect(await readers(0, 2)).toMatchObject({
      readers: [{ asked: { at: 1 } }, { reader: 'auditor', asked: { at: 2 } }],
      next: 2,
    });
    expect(await readers(2, 2)).toMatchObject({ readers: [{ asked: { question: 'state', at: 3 } }], next: null });
    expect((await vault.log.refreshed()).of(accessKey)).toBe(before);
  });

  it('is told past an entry that a stolen service wrote', async () => {
    const forged = { question: 'exposure', policy: 7 } as never;
    await new HistoryReadings(vault.log).note('eve' as PersonId, forged);
    await controller.at(auditor, {});
    const { readers } = await new HistoryReadersHandler(vault.log).execute(new HistoryReaders(0, 10));
    expect(readers).toMatchObject([{ reader: 'eve', asked: { question: 'exposure' } }, { reader: 'auditor' }]);
  });

  it('gets no answer if the question cannot be written', async () => {
    await vault.log.close();
    await expect(controller.at(auditor, {})).rejects.toBeDefined();
    expect(seen).toEqual([]);
  });
});
