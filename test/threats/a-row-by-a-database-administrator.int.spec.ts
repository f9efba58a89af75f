import pg from 'pg';
import { accessKey } from '../../src/access/access-state.js';
import { envelopeText } from '../../src/identity/signed-statement.js';
import { entryAt, placedBy } from '../../src/log/place-entry.js';
import type { Draft } from '../../src/log/draft.js';
import type { GrantId, PersonId, Position } from '../../src/log/ids.js';
import { insertGroup } from '../../src/log/insert-group.js';
import { writeCommand } from '../../src/log/write-command.js';
import { AppendedLeaves } from '../../src/merkle/appended-leaves.js';
import { signCheckpoint } from '../../src/merkle/checkpoint.js';
import { appendLeaves, emptyFrontier } from '../../src/merkle/frontier.js';
import { leafHash } from '../../src/merkle/hash.js';
import { ed25519Signer, type NoteSigner } from '../../src/merkle/note.js';
import { freshCommand, origin, researcher, typedRecords, VaultInProcess } from '../vault-in-process.js';

/**
 * Whoever owns the database, and knows this code, writes rows as the service does: right headers, leaves, tiles, head and
 * answers, past every trigger. Without the log's key no reader takes them, whoever runs finds them out, and verify names
 * the first.
 */
let vault: VaultInProcess;
let grant: GrantId;
beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(10));
  grant = await vault.grant('one', ['typed']);
});
afterEach(() => vault.stop());

/** An entry, appended by the service's own code over a superuser's connection. Where it stands. */
async function insertAsTheServiceDoes(draft: Draft, actor: PersonId, signer: NoteSigner): Promise<Position> {
  const { size: from, checkpoint: before, at } = await vault.log.reader.head();
  const headers = await vault.log.reader.headers(0, from);
  const frontier = appendLeaves(
    emptyFrontier,
    headers.map(({ header }) => leafHash(header)),
  );
  const { length: version } = await vault.log.reader.stream(draft.stream);
  const own = [{ draft, entry: entryAt(draft, { position: from as Position, version, at, actor }) }];
  const command = writeCommand(freshCommand(), actor, 'by hand');
  const placed = placedBy([command], [null], own);
  const tree = new AppendedLeaves(
    frontier,
    placed.map(({ leaf }) => leaf),
  );
  const checkpoint = signCheckpoint({ origin, size: tree.frontier.size, root: tree.root }, signer);
  const answers = [{ command, first: from, count: 1, answer: null }];
  const client = new pg.Client(vault.database.superuserUrl);
  await client.connect();
  try {
    await client.query('SET session_replication_role = replica');
    await insertGroup(client, { from, before, at, placed, tree, checkpoint, answers });
  } finally {
    await client.end();
  }
  return from as Position;
}

const disclosure = (): Draft => ({
  type: 'disclosure.made',
  stream: `request/${grant}`,
  subject: 's1' as never,
  data: { grant, session: 'one' as never, fields: ['typed'], versions: 100, records: 10 },
});
async function records(position: Position): Promise<number> {
  let count = 0;
  for await (const { sequences } of vault.keyholder.open(position)) count += sequences.length;
  return count;
}
/** Another key, under the name and the id of the log's. */
const stranger = () => ({ ...vault.signer, sign: ed25519Signer(origin, new Uint8Array(32).fill(9)).sign });

it('with the key of the log, which it does not have, this would be an entry like any other', async () => {
  expect(await records(await insertAsTheServiceDoes(disclosure(), researcher, vault.signer))).toBe(10);
  expect(await vault.verify()).toMatchObject({ ok: true });
});

describe('under a key of its own', () => {
  const both = async (draft: Draft, actor: PersonId) => {
    const position = await insertAsTheServiceDoes(draft, actor, stranger());
    const corrupt = { code: 'log_corrupt' };
    await expect(records(position)).rejects.toMatchObject(corrupt);
    await expect(vault.openKeyholder()).rejects.toMatchObject(corrupt);
    await expect(vault.openLog()).rejects.toMatchObject(corrupt);
    await expect(vault.read(grant, 'one')).rejects.toMatchObject(corrupt);
    const { ok, problems } = await vault.verify();
    expect(ok).toBe(false);
    return { position, checks: problems.map(({ check, position: at }) => [check, at]) };
  };

  it('a release is none: nobody opens it, nobody starts on it, and verify names it', async () => {
    const { position, checks } = await both(disclosure(), researcher);
    expect(checks).toContainEqual(['checkpoint_forged', position]);
  });

  it('an approval that was really signed is none, if it was not the service that took it', async () => {
    const asked = await vault.request(['one'], ['kind']);
    const envelope = envelopeText(await vault.approvalOf(asked, 'ada'));
    const { request } = asked;
    await both({ type: 'request.approved', stream: `request/${request}`, data: { request, envelope } }, researcher);
    expect(vault.log.state.of(accessKey).requests.get(request)?.approvals.size).toBe(0);
  });
});

it.each([
  ['that a grant was never revoked', "UPDATE log.entry SET type = 'disclosure.refused' WHERE type = 'grant.revoked'"],
  ['that a revocation does not govern', "UPDATE log.entry SET governs = false WHERE type = 'grant.revoked'"],
  ['that it was about another stream', "UPDATE log.entry SET stream = 'request/other' WHERE type = 'grant.revoked'"],
])('what the columns beside a header say is nobody’s word: %s', async (_what, sql) => {
  await vault.revoke(grant);
  await vault.asIntruder(sql);
  await expect(vault.read(grant, 'one')).rejects.toMatchObject({ code: 'disclosure_denied' });
  const keyholder = await vault.openKeyholder();
  await expect(vault.read(grant, 'one', ['typed'], keyholder)).rejects.toMatchObject({ code: 'disclosure_denied' });
  expect((await vault.verify()).ok).toBe(false);
});
