import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiscloseHandler } from '../../src/access/disclose.handler.js';
import { judge } from '../../src/access/judge-disclosure.js';
import type { Judge } from '../../src/keys/keyholder-port.js';
import type { Head } from '../../src/log/draft.js';
import type { SliceKey } from '../../src/log/governance.js';
import type { ContainmentId, GrantId, PersonId, Position, SessionId, SubjectId } from '../../src/log/ids.js';
import { decodeHeader } from '../../src/log/header.js';
import type { Log } from '../../src/log/log.js';
import { freshChannelSecret } from '../../src/keys/keyholder-channel.js';
import { connectKeyholder } from '../../src/keys/remote-keyholder.js';
import { goneKeyholder } from '../gone-keyholder.js';
import { serveKeyholder } from '../../src/keys/keyholder-server.js';
import { freshCommand, researcher, typedRecords, VaultInProcess } from '../vault-in-process.js';

/**
 * Access was found open, and closed, and it was open still. A containment must say so, whichever layer has the bug:
 * each test plants one and sees it named.
 */
let vault: VaultInProcess;
let grant: GrantId;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(700));
  await vault.ingest('two', 's2', typedRecords(3));
  grant = await vault.grant('one', ['typed', 'url']);
});
afterEach(() => vault.stop());

const all = { kind: 'all' } as const;
const open = (service: boolean, keyholder: boolean) => ({
  ...{ person: researcher, grant, session: 'one', subject: 's1', service, keyholder },
});

/** An API that decides on what it looked up before: every slice as it was when it was first asked for. */
function withRememberedDecisions(log: Log): Log {
  const remembered = new Map<string, unknown>();
  const of =
    (head: Head) =>
    <S>(key: SliceKey<S>): S => {
      if (!remembered.has(key.slice)) remembered.set(key.slice, head.of(key));
      return remembered.get(key.slice) as S;
    };
  return new Proxy(log, {
    get(target, name) {
      if (name !== 'append') return Reflect.get(target, name) as unknown;
      const append: Log['append'] = (command, decide) =>
        target.append(command, (head) => decide({ size: head.size, at: head.at, of: of(head) }));
      return append;
    },
  });
}

/** A keyholder that has never heard of locks: what it is asked about is judged as if there were none. */
const withoutLocks: Judge = {
  judge: (before, entry) =>
    judge.judge({ of: (key: SliceKey<object>) => ({ ...before.of(key), locks: noLocks }) } as never, entry),
  mustStop: () => false,
};
const noLocks = { some: () => false };

describe('a containment names who can still open', () => {
  it('while nobody has closed anything', async () => {
    expect(await vault.contain()).toMatchObject({
      probed: 2,
      open: 2,
      named: [
        { ...open(true, true), fields: ['typed'] },
        { ...open(true, true), fields: ['url'] },
      ],
    });
  });

  it('by the grant that was forgotten, when another one was revoked', async () => {
    const forgotten = await vault.grant('one', ['url']);
    await vault.revoke(grant);
    const { probed, named } = await vault.contain();
    expect({ probed, named }).toMatchObject({ probed: 3, named: [{ ...open(true, true), grant: forgotten }] });
  });

  it('when the lock was set on somebody else', async () => {
    await vault.lock({ kind: 'subject', subject: 's2' as SubjectId });
    expect(await vault.contain()).toMatchObject({ probed: 2, open: 2 });
  });

  it('when the API remembers a decision, though the keyholder would hold it back', async () => {
    const log = withRememberedDecisions(vault.log);
    expect(await vault.contain({ log })).toMatchObject({ open: 2 });
    await vault.lock(all);
    expect(await vault.contain({ log })).toMatchObject({ open: 2, named: [open(true, false), open(true, false)] });
  });

  it('when the keyholder looks at no lock, though the API would not let it come to that', async () => {
    const keyholder = await vault.openKeyholder(vault.trust, undefined, withoutLocks);
    await vault.lock(all);
    expect(await vault.contain({ keyholder })).toMatchObject({ open: 2, named: [open(false, true), open(false, true)] }); // prettier-ignore
  });

  it('to a keyholder that is a process of its own, as to one that is not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'custos-contain-'));
    const socket = join(folder, 'keyholder.sock');
    const secret = freshChannelSecret();
    const server = await serveKeyholder(vault.keyholder, { socket, secret });
    try {
      const keyholder = connectKeyholder(socket, secret);
      expect(await vault.contain({ keyholder })).toMatchObject({ open: 2, named: [open(true, true), open(true, true)] }); // prettier-ignore
      await vault.lock(all);
      expect(await vault.contain({ keyholder })).toMatchObject({ probed: 2, open: 0 });
    } finally {
      await server.close();
      await rm(folder, { recursive: true });
    }
  });
});

describe('a containment proves nothing', () => {
  it('without a keyholder: it fails and does not report that all is closed', async () => {
    await vault.lock(all);
    await expect(vault.contain({ keyholder: goneKeyholder() })).rejects.toMatchObject({
      code: 'keyholder_unavailable',
    });
  });

  it('by what a keyholder has not judged', async () => {
    await expect(vault.keyholder.probe([vault.log.size as Position])).rejects.toMatchObject({
      code: 'keyholder_unavailable',
    });
  });
});

it('a probe opens nothing, is charged to no budget, and cannot be opened afterwards', async () => {
  const before = vault.log.size;
  await vault.contain();
  for (const position of [before, before + 1]) {
    const entry = decodeHeader(await vault.log.reader.header(position));
    expect(entry).toMatchObject({ type: 'containment.probed', subject: 's1' });
    const opened = vault.keyholder.open(position as Position);
    await expect(opened[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'keyholder_refused' });
  }
  expect((await vault.read(grant, 'one')).records).toHaveLength(700);
});

it('above a lock 0 of all that could be read can be opened, and what streamed has ended', async () => {
  const { batches } = await vault.disclose(grant, 'one');
  const stream = batches[Symbol.asyncIterator]();
  await stream.next();
  await vault.lock(all);
  expect(await vault.contain()).toMatchObject({ probed: 2, open: 0, named: [] });
  await expect(stream.next()).rejects.toMatchObject({ code: 'disclosure_stopped' });
});

it('a lock that comes between the two layers is seen by the second', async () => {
  const probe = () =>
    new DiscloseHandler(vault.log, vault.keyholder).probe({
      ...{ commandId: freshCommand(), officer: 'ola' as PersonId, containment: randomUUID() as ContainmentId },
      ...{ person: researcher, grant, session: 'one' as SessionId, fields: ['url'] },
    });
  const [before, { position, allowed }] = [await probe(), await probe()];
  expect(await vault.keyholder.probe([before.position])).toEqual([{ opens: true }]);
  await vault.lock(all);
  expect(allowed).toBe(true);
  expect(await vault.keyholder.probe([position])).toEqual([{ opens: false, code: 'disclosure_stopped' }]);
});

it('only what was asked for is tried', async () => {
  await vault.grant('two', ['typed']);
  const probed = async (only: Parameters<VaultInProcess['contain']>[1]) => (await vault.contain({}, only)).probed;
  expect(await probed({})).toBe(3);
  expect(await probed({ grant })).toBe(2);
  expect(await probed({ subject: 's2' as SubjectId })).toBe(1);
  expect(await probed({ field: 'url' })).toBe(1);
  expect(await probed({ person: 'somebody' as typeof researcher })).toBe(0);
});
