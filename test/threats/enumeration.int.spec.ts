import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Disclose, DiscloseHandler } from '../../src/access/disclose.handler.js';
import { ShowRequest, ShowRequestHandler } from '../../src/access/list-requests.js';
import { RevokeGrant, RevokeGrantHandler } from '../../src/access/revoke-grant.handler.js';
import { ownCopy, type GrantId, type PersonId, type RequestId, type SessionId } from '../../src/log/ids.js';
import { freshCommand, typedRecords, VaultInProcess } from '../vault-in-process.js';

/**
 * Whoever asks about what is not theirs learns by no answer, and by no work that is done for it, whether it is there: the
 * statements that the database gets are the same, and so is what comes back of each, row by row.
 */
let vault: VaultInProcess;
let grant: GrantId;
const nobodys = randomUUID();
const stranger = 'somebody' as PersonId;
beforeAll(async () => {
  vault = await VaultInProcess.start();
  // In three batches, so that reading it all would be seen.
  for (const first of [0, 50, 100]) await vault.ingest('big', 's1', typedRecords(50, 'typed', first), { first });
  await vault.ingest('small', 's2', typedRecords(1));
  grant = await vault.grant('big', ['typed']);
});
afterAll(() => vault.stop());

interface Seen {
  readonly answer: unknown;
  /** Each statement, with how many rows it gave. */
  readonly work: readonly string[];
}

/** What is answered, and what the database was asked for it. */
async function seen(ask: () => Promise<unknown>): Promise<Seen> {
  const work: string[] = [];
  const real = pg.Client.prototype.query as (...given: unknown[]) => unknown;
  const watched = jest.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: pg.Client,
    ...given: unknown[]
  ) {
    const [asked] = given as [string | { text?: string }];
    const text = (typeof asked === 'string' ? asked : (asked.text ?? '')).replaceAll(/\s+/g, ' ');
    const index = work.push(text) - 1;
    const told = given.at(-1);
    if (typeof told !== 'function') return real.apply(this, given) as never;
    const counted = (error: unknown, result?: { rows: unknown[] }) => {
      work[index] = `${text} → ${result?.rows.length ?? 'an error'}`;
      (told as (...what: unknown[]) => void)(error, result);
    };
    return real.apply(this, [...given.slice(0, -1), counted]) as never;
  } as never);
  try {
    return { answer: withoutPlace(await ask().catch((error: unknown) => error)), work };
  } finally {
    watched.mockRestore();
  }
}

/** Where the refusal stands in the log differs: each is an entry of its own. */
function withoutPlace(answer: unknown): unknown {
  const { position, ...rest } = JSON.parse(JSON.stringify(answer)) as { position?: number };
  return { ...rest, ...(position === undefined ? {} : { position: 'its own' }) };
}

/** The first time something is asked may prepare what is there for the second. */
async function sameFor(ask: (theirs: boolean) => Promise<unknown>): Promise<Seen> {
  await seen(() => ask(false));
  const [there, not] = [await seen(() => ask(true)), await seen(() => ask(false))];
  expect(there).toEqual(not);
  return there;
}

const disclose = (person: PersonId, of: GrantId, session: string, log = vault.log) =>
  new DiscloseHandler(log, vault.keyholder).execute(
    new Disclose(freshCommand(), person, of, session as SessionId, undefined),
  );

it("a disclosure under somebody else's grant is one under none", async () => {
  const { answer, work } = await sameFor((theirs) => disclose(stranger, theirs ? grant : (nobodys as GrantId), 'big'));
  expect(answer).toMatchObject({ code: 'disclosure_denied', rules: ['grant_unknown'] });
  // Of a session of three batches its first entry was looked at, and no more.
  expect(work.filter((one) => one.includes('WHERE stream = $1'))).toEqual([expect.stringMatching(/→ 1$/)]);
});

it('nor on an instance that has written nothing about that grant yet', async () => {
  const log = await vault.openLog();
  await sameFor((theirs) => disclose(stranger, theirs ? grant : (nobodys as GrantId), 'big', log));
});

it('a grant of somebody else is not revoked, and neither is one that there is not', async () => {
  const { answer } = await sameFor((theirs) =>
    new RevokeGrantHandler(vault.log).execute(
      new RevokeGrant(freshCommand(), stranger, theirs ? grant : (nobodys as GrantId), { as: 'holder', person: stranger }, 'a try'), // prettier-ignore
    ),
  );
  expect(answer).toMatchObject({ code: 'grant_unknown' });
});

it('a request of somebody else is none', async () => {
  const { answer } = await sameFor((theirs) =>
    new ShowRequestHandler(vault.log).execute(
      new ShowRequest({ of: 'one', person: stranger }, (theirs ? grant : nobodys) as string as RequestId),
    ),
  );
  expect(answer).toMatchObject({ code: 'request_unknown' });
});

it("another subject's session is no more of a copy than one that there is not, however much is in it", async () => {
  const asked = 'subject:s3' as PersonId;
  await seen(() => disclose(asked, ownCopy, 'none'));
  const [big, small] = [
    await seen(() => disclose(asked, ownCopy, 'big')),
    await seen(() => disclose(asked, ownCopy, 'small')),
  ];
  expect(big).toEqual(small);
  const none = await seen(() => disclose(asked, ownCopy, 'none'));
  expect(none.answer).toEqual(big.answer);
  // The one difference: the first entry of a session is a row, and of none there is no row.
  const without = ({ work }: Seen) => work.map((one) => one.replace(/(WHERE stream = \$1.*) → [01]$/, '$1'));
  expect(without(none)).toEqual(without(big));
});

it('the holder of the grant reads all the same', async () => {
  expect((await vault.read(grant, 'big')).records).toHaveLength(150);
});
