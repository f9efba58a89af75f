import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { signApproval } from '../src/access/approval.js';
import { builtInPolicy } from '../src/access/built-in-policy.js';
import { toHex } from '../src/access/hex.js';
import { policyHash, previewOf } from '../src/access/policy.js';
import { scopeHash } from '../src/access/scope.js';
import { governanceSlices } from '../src/governance.js';
import { envelopeText } from '../src/identity/signed-statement.js';
import type { Trust } from '../src/identity/trust.js';
import { openPool } from '../src/log/database.js';
import type { Draft } from '../src/log/draft.js';
import type { Scope } from '../src/log/entries.js';
import type { FieldName } from '../src/log/fields.js';
import type { GrantId, PersonId, RequestId, SessionId, SubjectId } from '../src/log/ids.js';
import { Log } from '../src/log/log.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../src/merkle/note.js';
import { generateSigningKey } from '../src/sealing/signature.js';
import { sodiumReady } from '../src/sealing/sodium.js';
import { start, writeTrueLog } from '../test/true-log.js';
import { origin } from './log-under-test.js';
import type { Bench } from './scenario.js';

export interface GovernedShape {
  readonly entries: number;
  readonly persons: number;
  readonly grantsAPerson: number;
  /** Blocks of 400 subjects, of one session each; every grant is about one block. */
  readonly blocks: number;
}

/** A log in which nearly every entry governs: requests with their signatures, then releases under them in turn. */
export interface GovernedLog {
  readonly log: Log;
  /** Of the service's role, and one past all roles. */
  readonly pool: pg.Pool;
  readonly superuser: pg.Pool;
  readonly persons: number;
  readonly subjects: number;
  readonly grants: number;
  /** Size of the log at which the last of them is in force. */
  readonly granted: number;
  /** Under them, in the log's first `size` entries. */
  releasesWithin(size: number): number;
  /** Of all of them, never completed. */
  readonly unknown: number;
  /** (person, subject, field) that were within reach. */
  readonly pairs: number;
  close(): Promise<void>;
}

const fields = ['kind', 'pointer', 'time', 'url', 'window'] as const satisfies readonly FieldName[];
const subjectsABlock = 400;
const approvers = ['ada', 'bob'] as const;
const entriesAGrant = 1 + approvers.length;
/** So many releases end in one that nobody completes: entries of such a round. */
const releasesARound = 100;
const round = 2 * releasesARound - 1;
const hour = 3_600_000;

export async function governedLog(bench: Bench, shape: GovernedShape): Promise<GovernedLog> {
  await sodiumReady();
  const signer = ed25519Signer(origin, randomBytes(32));
  const logKey = formatVerifierKey(origin, signer.publicKey);
  const keys = approvers.map((name) => ({ name: name as PersonId, ...generateSigningKey() }));
  const trust: Trust = {
    origin,
    log: logKey,
    keyholder: new Uint8Array(32),
    keys: new Map(
      keys.map(({ name, publicKey }) => [name as string, { person: name, role: 'approver' as const, publicKey }]),
    ),
    quorum: { ordinary: 2, large: 3 },
    sources: new Map(),
  };
  const grants = shape.persons * shape.grantsAPerson;
  const granted = 1 + grants * entriesAGrant;
  const database = await bench.database();
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  const requests = new Map<number, { draft: Draft<'request.made'>; scopeHash: Uint8Array }>();
  await writeTrueLog(client, {
    ...{ origin, signer, entries: shape.entries },
    tell: (position) => {
      const place = position - 1;
      if (position < granted) return telling(Math.floor(place / entriesAGrant), place % entriesAGrant, position);
      return releasing(position - granted, position);
    },
  });
  await client.end();
  const releasesWithin = (size: number) => {
    const released = size - granted;
    return Math.floor(released / round) * releasesARound + Math.ceil((released % round) / 2);
  };
  const rest = (shape.entries - granted) % round;
  const unknown = Math.floor((shape.entries - granted) / round) + (rest % 2);
  bench.say(`${shape.entries} entries written: ${grants} grants, ${releasesWithin(shape.entries)} releases`);
  const pool = openPool(database.url('custos_service'), { connections: 4, name: 'bench' });
  const log = new Log({
    pool,
    identity: { origin, signer },
    verifiers: [parseVerifierKey(logKey)],
    slices: governanceSlices(trust),
  });
  await log.start();
  const pairs = grants * subjectsABlock * fields.length;
  const superuser = openPool(database.superuserUrl, { connections: 1, name: 'bench audit' });
  const close = async () => {
    await log.close();
    await superuser.end();
    await pool.end();
  };
  const subjects = shape.blocks * subjectsABlock;
  return {
    log,
    pool,
    superuser,
    persons: shape.persons,
    subjects,
    grants,
    granted,
    releasesWithin,
    unknown,
    pairs,
    close,
  };

  function telling(grant: number, step: number, position: number): Draft {
    const request = idOf(grant) as string as RequestId;
    if (step === 0) {
      const scope = scopeOf(grant);
      const made = {
        draft: { ...madeOf(request, scope), actor: holderOf(grant) },
        scopeHash: scopeHash(scope),
      };
      requests.set(grant, made);
      return made.draft;
    }
    const { name, seed } = keys[step - 1] as (typeof keys)[number];
    const envelope = signApproval(
      {
        type: 'custos.approval.v1',
        ...{ origin, request, approver: name },
        scopeHash: toHex(requests.get(grant)?.scopeHash ?? new Uint8Array()),
        policyHash: toHex(policyHash(builtInPolicy)),
        checkpoint: { size: position, root: '00'.repeat(32) },
        expiresAt: start + hour,
        nonce: randomBytes(16).toString('hex'),
      },
      { keyId: name, seed },
    );
    if (step === approvers.length) requests.delete(grant);
    const data = { request, envelope: envelopeText(envelope) };
    return { type: 'request.approved', stream: `request/${request}`, data, actor: name };
  }

  function releasing(place: number, position: number): Draft {
    // A release and its completion, but for every hundredth.
    const within = place % round;
    const number = Math.floor(place / round) * releasesARound + Math.floor(within / 2);
    if (within % 2 === 1) {
      const data = { disclosure: position - 1, records: 1, outcome: 'delivered' as const };
      return { type: 'disclosure.completed', stream: `disclosure/${position - 1}`, data, actor: 'custos' };
    }
    const grant = number % grants;
    const { session, subject } = sessionOf(grant, number % subjectsABlock);
    const data = { grant: idOf(grant), session, fields: ['url'] as const, versions: 1, records: 1 };
    return { type: 'disclosure.made', stream: `request/${idOf(grant)}`, subject, data, actor: holderOf(grant) };
  }

  function holderOf(grant: number): PersonId {
    return `person-${Math.floor(grant / shape.grantsAPerson)}` as PersonId;
  }

  function sessionOf(grant: number, index: number) {
    const number = (grant % shape.blocks) * subjectsABlock + index;
    return { session: `session-${number}` as SessionId, subject: `subject-${number}` as SubjectId };
  }

  function scopeOf(grant: number): Scope {
    const sessions = Array.from({ length: subjectsABlock }, (_, index) => sessionOf(grant, index));
    return {
      fields,
      sessions: sessions.sort((a, b) => (a.session < b.session ? -1 : 1)),
      ...{ from: 0, to: start, purpose: 'to measure what is granted', durationSeconds: 86_400 },
      budget: { records: 100_000, disclosures: 1_000 },
    };
  }
}

function madeOf(request: RequestId, scope: Scope): Draft<'request.made'> {
  const data = {
    ...{ request, scope, scopeHash: scopeHash(scope), policyHash: policyHash(builtInPolicy) },
    preview: previewOf(builtInPolicy, scope, 1000),
    expiresAt: start + builtInPolicy.requestOpenSeconds * 1000,
  };
  return { type: 'request.made', stream: `request/${request}`, data };
}

const idOf = (grant: number) => `00000000-0000-4000-8000-${String(grant).padStart(12, '0')}` as GrantId;
