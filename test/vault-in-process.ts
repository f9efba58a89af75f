import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { ApproveRequest, ApproveRequestHandler } from '../src/access/approve-request.handler.js';
import { signApproval, type ApprovalStatement } from '../src/access/approval.js';
import { Contain, ContainHandler, type ContainmentStep } from '../src/access/contain.handler.js';
import { Disclose, DiscloseHandler } from '../src/access/disclose.handler.js';
import { judge } from '../src/access/judge-disclosure.js';

import { RequestAccess, RequestAccessHandler } from '../src/access/request-access.handler.js';
import { RevokeGrant, RevokeGrantHandler } from '../src/access/revoke-grant.handler.js';
import { SetLock, SetLockHandler } from '../src/access/set-lock.handler.js';
import { ChangeConsent, ChangeConsentHandler } from '../src/capture/change-consent.js';
import { PauseProgramme, PauseProgrammeHandler } from '../src/capture/pause-programme.js';
import { IngestRecords, IngestRecordsHandler } from '../src/capture/ingest-records.js';
import { OpenSessions } from '../src/capture/open-sessions.js';
import { ShowSession, ShowSessionHandler } from '../src/capture/show-session.js';
import { governanceSlices } from '../src/governance.js';
import { auditEntry } from '../src/access/audit-entry.js';
import { actHash, signAct, type Act } from '../src/identity/act.js';
import {
  ProposeAct,
  ProposeActHandler,
  SignAct,
  SignActHandler,
  type SignedAct,
} from '../src/identity/act-commands.js';
import { tokenIssuer } from '../src/identity/token-issuer.js';
import { keyIdOf, type Trust } from '../src/identity/trust.js';
import { changed, type Change } from '../src/access/given-policy.spec.js';
import { accessKey } from '../src/access/access-state.js';
import { Assure, AssureHandler } from '../src/history/assure.js';
import { EraseSubject, EraseSubjectHandler } from '../src/keys/erase-subject.js';
import { Keyholder } from '../src/keys/keyholder.js';
import type { Judge, KeyholderPort } from '../src/keys/keyholder-port.js';
import { attestationKey, freshRootKey, rootKeysOf, type RootKeys } from '../src/keys/root-key.js';
import type { RootKeySource } from '../src/keys/root-key-source.js';
import { SubjectKeyStore } from '../src/keys/subject-key-store.js';
import { SubjectKeys } from '../src/keys/subject-keys.js';
import type { Draft } from '../src/log/draft.js';
import { writeCommand } from '../src/log/write-command.js';
import { envelopeText } from '../src/identity/signed-statement.js';
import type { CheckpointKeeper, KeptCheckpoint } from '../src/log/checkpoint-keeper.js';
import { openPool } from '../src/log/database.js';
import type { Consent, ContainmentReported, LockTarget } from '../src/log/entries.js';
import type { FieldName } from '../src/log/fields.js';
import { ownCopy, type ActId, type CommandId, type GrantId, type PersonId, type RequestId, type SessionId, type SubjectId } from '../src/log/ids.js'; // prettier-ignore
import { Governance } from '../src/log/governance.js';
import { Log } from '../src/log/log.js';
import { verifyLog } from '../src/log/verify-log.js';
import { openCheckpoint } from '../src/merkle/checkpoint.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../src/merkle/note.js';
import type { Envelope } from '../src/sealing/dsse.js';
import type { Secret } from '../src/sealing/secret.js';
import { generateSigningKey } from '../src/sealing/signature.js';
import { sodiumReady } from '../src/sealing/sodium.js';
import { startKeyholder } from '../src/service/start-keyholder.js';
import { cloneDatabase, type TestDatabase } from './postgres/database.js';
import { issuer, testIssuer, type TestIssuer } from './test-issuer.js';
import { TurnedClock } from './turned-clock.js';

export const origin = 'custos.example/test';
const approvers = ['ada', 'bob', 'cyd'] as const;
const officers = ['ola', 'pia', 'roy'] as const;
export const start = Date.UTC(2026, 5, 1);
export const source = 'source' as PersonId;
export const researcher = 'researcher' as PersonId;
export const freshCommand = () => randomUUID() as CommandId;

/** Input events of rrweb, a second apart, each with a text of its own. */
export const typedRecords = (count: number, text = 'typed', first = 0) =>
  Array.from({ length: count }, (_, index) => {
    const timestamp = start + (first + index) * 1000;
    return {
      time: timestamp,
      data: { type: 3, data: { source: 5, text: `${text} ${first + index}`, id: 7 }, timestamp },
    };
  });

/** Of a request, where they differ. */
interface Terms {
  readonly from?: number;
  readonly to?: number;
  readonly records?: number;
  readonly disclosures?: number;
  readonly seconds?: number;
}

/** In the place of a file. */
export class HeldRootKeys implements RootKeySource {
  constructor(private readonly first: Secret) {}
  held: RootKeys | undefined;
  read = async (): Promise<RootKeys> => this.held ?? rootKeysOf(this.first);
  write = async (keys: RootKeys): Promise<void> => void (this.held = keys);
}

/** Every part that works together, real and on a database of its own, without HTTP around it. */
export class VaultInProcess {
  readonly rootKey = freshRootKey();
  /** As a keyholder reads it, and a rotation changes it. */
  rootKeys = new HeldRootKeys(this.rootKey);
  readonly signer = ed25519Signer(origin, randomBytes(32));
  readonly signingKeys = new Map([...approvers, ...officers].map((name) => [name, generateSigningKey()]));
  /** What the source signs with that seals at its own end. */
  readonly sourceKey = generateSigningKey();
  clock = Date.now;
  database!: TestDatabase;
  log!: Log;
  keyholder!: Keyholder;
  issuer!: TestIssuer;
  private readonly others: TestDatabase[] = [];
  private daysAhead = 0;
  private turnedClock: TurnedClock | undefined;
  private readonly pools: pg.Pool[] = [];
  private readonly logs: Log[] = [];

  /** `connections`: of each log and each keyholder, at most. */
  private constructor(private readonly connections: number) {}

  static async start({ connections = 4 } = {}): Promise<VaultInProcess> {
    await sodiumReady();
    const vault = new VaultInProcess(connections);
    vault.issuer = await testIssuer();
    vault.database = await cloneDatabase();
    vault.log = await vault.openLog();
    vault.keyholder = await vault.openKeyholder();
    return vault;
  }

  async stop(): Promise<void> {
    for (const log of this.logs) await log.close();
    for (const pool of this.pools) await pool.end();
    for (const database of [...this.others, this.database]) await database.drop();
  }

  get trust(): Trust {
    const keys = [...this.signingKeys].map(([name, { publicKey }]) => {
      const role = (officers as readonly string[]).includes(name) ? ('officer' as const) : ('approver' as const);
      return [keyIdOf(publicKey), { person: name as string as PersonId, role, publicKey }] as const;
    });
    const log = formatVerifierKey(origin, this.signer.publicKey);
    return {
      origin,
      log,
      keyholder: attestationKey(rootKeysOf(this.rootKey)),
      keys: new Map(keys),
      sources: new Map([[keyIdOf(this.sourceKey.publicKey), { person: source, publicKey: this.sourceKey.publicKey }]]),
      quorum: { ordinary: 2, large: 3 },
    };
  }

  async openLog(keeper?: CheckpointKeeper): Promise<Log> {
    const log = new Log({
      pool: this.pool('custos_service'),
      identity: { origin, signer: this.signer },
      verifiers: [parseVerifierKey(this.trust.log)],
      slices: governanceSlices(this.trust),
      ...(keeper === undefined ? {} : { keeper }),
    });
    this.logs.push(log);
    await this.atItsOwnTime(() => log.start());
    return log;
  }

  async openKeyholder(trust = this.trust, keeper?: CheckpointKeeper, by: Judge = judge): Promise<Keyholder> {
    const pool = this.pool('custos_keyholder');
    const keyholder = new Keyholder({
      pool,
      store: new SubjectKeyStore(pool),
      rootKeys: this.rootKeys,
      trusted: { origin, verifiers: [parseVerifierKey(trust.log)] },
      slices: governanceSlices(trust),
      judge: by,
      clock: () => this.clock(),
      tokens: this.issuer.tokens,
      ...(keeper === undefined ? {} : { keeper }),
    });
    await this.atItsOwnTime(() => keyholder.start());
    return keyholder;
  }

  /** From here on the database's clock, and the keyholder's, is so many days further. */
  async passDays(days: number): Promise<void> {
    this.daysAhead += days;
    this.clock = () => Date.now() + this.daysAhead * 86_400_000;
    await this.turnClock(this.daysAhead);
  }

  /** No start would go past a clock that was turned: it is a function that guards the log. */
  private async atItsOwnTime<T>(start: () => Promise<T>): Promise<T> {
    if (this.daysAhead > 0) await this.turnClock(0);
    const started = await start();
    if (this.daysAhead > 0) await this.turnClock(this.daysAhead);
    return started;
  }

  private async turnClock(days: number): Promise<void> {
    this.turnedClock ??= new TurnedClock((sql) => this.asIntruder(sql));
    if (days === 0) await this.turnedClock.putRight();
    else await this.turnedClock.turnTo(`(clock_timestamp() + interval '${days} days')`);
  }

  /** Starts a keyholder as `custos keyholder` does, from files, with whatever root key; says how many it destroyed. */
  async startKeyholderWith(rootKey: Uint8Array): Promise<number> {
    const dir = await mkdtemp(join(tmpdir(), 'custos-keyholder-'));
    const [rootKeyFile, trustFile, jwksFile] = [join(dir, 'root.key'), join(dir, 'trust.json'), join(dir, 'jwks.json')];
    try {
      await writeFile(rootKeyFile, hex(rootKey));
      await this.writeTrustFile(trustFile);
      await writeFile(jwksFile, this.issuer.jwks);
      const databaseUrl = this.database.url('custos_keyholder');
      const running = await startKeyholder({
        databaseUrl,
        rootKeyFile,
        trustFile,
        checkpointFile: join(dir, 'checkpoint'),
        tokenIssuer: tokenIssuer({ issuer, keys: { in: 'file', file: jwksFile } }),
      });
      await running.close();
      return running.destroyed;
    } finally {
      await rm(dir, { recursive: true });
    }
  }

  async writeTrustFile(path: string): Promise<void> {
    const { keyholder, keys, sources: _sources, ...trust } = this.trust;
    const people = [...keys].map(([keyId, { publicKey, ...of }]) => ({ ...of, keyId, publicKey: base64(publicKey) }));
    await writeFile(path, JSON.stringify({ ...trust, keyholder: base64(keyholder), people }));
  }

  /** The same vault on another database. Says how many keys a keyholder that starts there destroys. */
  async moveTo(database: TestDatabase): Promise<number> {
    this.others.push(this.database);
    this.database = database;
    const destroyed = await this.startKeyholderWith(this.rootKey.bytes);
    this.log = await this.openLog();
    this.keyholder = await this.openKeyholder();
    return destroyed;
  }

  /** A source's writer of its own: its session keys are known to nobody else. */
  ingester(log = this.log): IngestRecordsHandler {
    return new IngestRecordsHandler(log, new OpenSessions(log.reader), new SubjectKeys(log, this.keyholder));
  }

  ingest(
    session: string,
    subject: string,
    records: { time: number; data: unknown }[],
    options: { first?: number; format?: string; with?: IngestRecordsHandler; command?: CommandId } = {},
  ) {
    const body = {
      session: session as SessionId,
      subject: subject as SubjectId,
      format: options.format ?? 'rrweb',
      first: options.first ?? 0,
      records,
    };
    return (options.with ?? this.ingester()).execute(
      new IngestRecords(options.command ?? freshCommand(), 'source' as PersonId, body),
    );
  }

  async grant(session: string, fields: FieldName[], terms: Terms = {}): Promise<GrantId> {
    const made = await this.request([session], fields, terms);
    for (const name of approvers.slice(0, 2)) await this.approve(made.request, await this.approvalOf(made, name), name);
    return made.request as string as GrantId;
  }

  request(sessions: readonly string[], fields: FieldName[], terms: Terms = {}) {
    const { from = start, to = start + 3_600_000, records = 1000, disclosures = 10, seconds = 3600 } = terms;
    return new RequestAccessHandler(this.log).execute(
      new RequestAccess(freshCommand(), researcher, {
        fields,
        sessions: sessions as SessionId[],
        subjects: [],
        from,
        to,
        purpose: 'to see that it works',
        durationSeconds: seconds,
        budget: { records, disclosures },
      }),
    );
  }

  /** What this approver signs when the request is shown to them, with their own key unless another is given. */
  async approvalOf(
    { request, scopeHash }: { readonly request: RequestId; readonly scopeHash: string },
    name: string,
    differing: Partial<ApprovalStatement> = {},
    key = this.signingKeys.get(name as 'ada') as { publicKey: Uint8Array; seed: Secret },
  ): Promise<Envelope> {
    const statement = {
      ...{ request, scopeHash, policyHash: this.log.state.of(accessKey).policyHash, approver: name as PersonId },
      ...(await this.asItIsShown()),
      type: 'custos.approval.v1' as const,
      ...differing,
    };
    return signApproval(statement, { keyId: keyIdOf(key.publicKey), seed: key.seed });
  }

  approve(request: RequestId, envelope: Envelope, sender: string) {
    return new ApproveRequestHandler(this.log).execute(
      new ApproveRequest(freshCommand(), sender as PersonId, request, envelope),
    );
  }

  /** What every statement says beside what it is about. */
  private async asItIsShown() {
    const { checkpoint: note } = await this.log.reader.head();
    const { size, root } = openCheckpoint(note, origin, [parseVerifierKey(this.trust.log)]);
    return {
      origin,
      checkpoint: { size, root: hex(root) },
      expiresAt: this.clock() + 3_600_000,
      nonce: randomBytes(16).toString('hex'),
    };
  }

  /** Proposed by the first of the officers and signed by all of them. */
  async act(kind: string, body: unknown, signers: readonly (typeof officers)[number][] = ['ola', 'pia']) {
    const act = randomUUID() as ActId;
    let last: SignedAct | undefined;
    for (const [index, name] of signers.entries()) {
      const person = name as string as PersonId;
      const envelope = await this.signatureOn(act, { kind, body }, name);
      last =
        index === 0
          ? await new ProposeActHandler(this.log).execute(
              new ProposeAct(freshCommand(), person, { act, kind, body, envelope }),
            )
          : await new SignActHandler(this.log).execute(new SignAct(freshCommand(), person, act, envelope));
    }
    return last as SignedAct;
  }

  /** The same, with valid signatures, by a service that asks no rule before it writes; `then` comes right behind it. */
  async forcedAct(of: Act, signers: readonly (typeof officers)[number][], then: (act: ActId) => Draft[] = () => []) {
    const act = randomUUID() as ActId;
    const proposed = { act, ...of, actHash: actHash(of), expiresAt: this.clock() + 3_600_000 };
    const envelopes = await Promise.all(signers.map((name) => this.signatureOn(act, of, name)));
    const signed = envelopes.map((envelope) => ({ act, envelope: envelopeText(envelope) }));
    const stream = `act/${act}`;
    const { positions } = await this.log.append(writeCommand(freshCommand(), 'ola' as PersonId, act), () => ({
      entries: [
        { type: 'act.proposed', stream, data: proposed },
        ...signed.map((data) => ({ type: 'act.signed' as const, stream, data })),
        ...then(act),
      ],
      answer: null,
    }));
    return positions;
  }

  /** What this officer signs when the act is shown to them. */
  async signatureOn(act: ActId, of: Act, name: (typeof officers)[number]) {
    const key = this.signingKeys.get(name) as { publicKey: Uint8Array; seed: Secret };
    const statement = {
      ...(await this.asItIsShown()),
      type: 'custos.act.v1' as const,
      act,
      actHash: hex(actHash(of)),
      signer: name as string as PersonId,
    };
    return signAct(statement, { keyId: keyIdOf(key.publicKey), seed: key.seed });
  }

  /** The policy in force, with this change, signed by officers. */
  changePolicy(how: Change, signers?: Parameters<VaultInProcess['act']>[2], said: object = {}) {
    const { policy, policyHash: replaces } = this.log.state.of(accessKey);
    const next = changed(policy, (one) => {
      one.version += 1;
      how(one);
    });
    const body = { policy: next, replaces, beyondCeilings: false, reason: 'as it was agreed', ...said };
    return this.act('policy.change', body, signers);
  }

  lock(target: LockTarget, log = this.log) {
    return new SetLockHandler(log).execute(new SetLock(freshCommand(), 'ola' as PersonId, target, 'an incident'));
  }

  revoke(grant: GrantId) {
    const by = { as: 'overseer' as const };
    return new RevokeGrantHandler(this.log).execute(
      new RevokeGrant(freshCommand(), 'ada' as PersonId, grant, by, 'enough'),
    );
  }

  consent(subject: string, consent: Consent, log = this.log, until?: number) {
    return new ChangeConsentHandler(log).execute(
      new ChangeConsent(freshCommand(), subject as SubjectId, consent, until),
    );
  }

  pauseProgramme(log = this.log) {
    return new PauseProgrammeHandler(log).execute(new PauseProgramme(freshCommand(), 'ola' as PersonId, 'a leak'));
  }

  erase(subject: string, keyholder: KeyholderPort = this.keyholder) {
    return new EraseSubjectHandler(this.log, keyholder).execute(
      new EraseSubject(freshCommand(), 'officer1' as PersonId, subject as SubjectId),
    );
  }

  /** Looks at everything that the programme stands on. */
  assure(through: { log?: Log; keyholder?: KeyholderPort } = {}, since?: number) {
    const { log = this.log, keyholder = this.keyholder } = through;
    const handler = new AssureHandler(log, new DiscloseHandler(log, keyholder), keyholder);
    return handler.execute(new Assure(freshCommand(), 'ola' as PersonId, since));
  }

  /** Tries again all that could be read; what is open, and the report. */
  async contain(through: { log?: Log; keyholder?: KeyholderPort } = {}, only: ContainmentReported['only'] = {}) {
    const { log = this.log, keyholder = this.keyholder } = through;
    const readers = new DiscloseHandler(log, keyholder);
    const contain = new Contain('ola' as PersonId, { since: start, only });
    const steps: ContainmentStep[] = [];
    for await (const step of await new ContainHandler(this.log, readers, keyholder).execute(contain)) steps.push(step);
    return steps.at(-1) as Extract<ContainmentStep, { kind: 'report' }>;
  }

  /** A disclosure up to its first batch; the caller reads on. */
  disclose(grant: GrantId, session: string, fields?: FieldName[], keyholder: KeyholderPort = this.keyholder) {
    return new DiscloseHandler(this.log, keyholder).execute(
      new Disclose(freshCommand(), researcher, grant, session as SessionId, fields),
    );
  }

  /** A subject's own copy, up to its first batch, with their own token unless another is given. */
  async copy(session: string, subject: string, token?: string, keyholder: KeyholderPort = this.keyholder) {
    const shown = token ?? (await this.issuer.tokenOf(`subject:${subject}`, 'subject'));
    return new DiscloseHandler(this.log, keyholder).execute(
      new Disclose(freshCommand(), `subject:${subject}` as PersonId, ownCopy, session as SessionId, undefined, shown),
    );
  }

  /** The whole way of a disclosure. Records as the reader gets them. */
  async read(grant: GrantId, session: string, fields?: FieldName[], keyholder: KeyholderPort = this.keyholder) {
    const disclosed = await this.disclose(grant, session, fields, keyholder);
    const records = [];
    for await (const { sequences, times, columns } of disclosed.batches) {
      for (const [index, sequence] of sequences.entries()) {
        const values = Object.entries(columns).map(([field, column]) => [field, column[index]] as const);
        records.push({
          sequence,
          time: times[index],
          fields: Object.fromEntries(values.filter(([, value]) => value !== undefined)),
        });
      }
    }
    return { ...disclosed, records };
  }

  show(session: string) {
    return new ShowSessionHandler(this.log).execute(new ShowSession(session as SessionId));
  }

  /** Everything that `custos verify` checks. `remembered`: the last checkpoint that somebody outside the database knows of. */
  async verify(remembered?: KeptCheckpoint) {
    const pool = openPool(this.database.url('custos_reader'), { connections: 2, name: 'verify' });
    try {
      return await verifyLog({
        db: pool,
        origin,
        verifiers: [parseVerifierKey(this.trust.log)],
        governance: Governance.empty(governanceSlices(this.trust)),
        audit: auditEntry,
        remembered,
        now: this.clock(),
      });
    } finally {
      await pool.end();
    }
  }

  /** A service and a keyholder that start now, for as long as this takes; then those before are back. */
  async startedAnew<T>(work: () => Promise<T>): Promise<T> {
    const { log, keyholder } = this;
    const [logs, pools] = [this.logs.length, this.pools.length];
    try {
      this.log = await this.openLog();
      this.keyholder = await this.openKeyholder();
      return await work();
    } finally {
      for (const fresh of this.logs.splice(logs)) await fresh.close();
      for (const fresh of this.pools.splice(pools)) await fresh.end();
      Object.assign(this, { log, keyholder });
    }
  }

  /** What only a superuser can do, with every trigger off. */
  async asIntruder(sql: string, values: unknown[] = []): Promise<pg.QueryResult> {
    const pool = openPool(this.database.superuserUrl, { connections: 1, name: 'intruder' });
    try {
      await pool.query('SET session_replication_role = replica');
      return await pool.query(sql, values);
    } finally {
      await pool.end();
    }
  }

  private pool(role: 'custos_service' | 'custos_keyholder'): pg.Pool {
    const pool = openPool(this.database.url(role), { connections: this.connections, name: 'test' });
    this.pools.push(pool);
    return pool;
  }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
