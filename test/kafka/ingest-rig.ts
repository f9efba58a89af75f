import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { IssueSubjectKey, IssueSubjectKeyHandler } from '../../src/capture/issue-subject-key.js';
import { catalogue } from '../../src/capture/seal-records.js';
import { governanceSlices } from '../../src/governance.js';
import { devIssuer, signingKeyPath } from '../../src/identity/dev-people.js';
import { readSigningKey } from '../../src/identity/signing-key.js';
import { loadTrust } from '../../src/identity/trust.js';
import { SubjectKeys } from '../../src/keys/subject-keys.js';
import { openPool } from '../../src/log/database.js';
import { Governance } from '../../src/log/governance.js';
import type { SubjectId } from '../../src/log/ids.js';
import { Log } from '../../src/log/log.js';
import { verifyLog } from '../../src/log/verify-log.js';
import { parseVerifierKey } from '../../src/merkle/note.js';
import { SourceSealer } from '../../src/sealing/seal-at-source.js';
import { sodiumReady } from '../../src/sealing/sodium.js';
import { devOrigin, filesOf, initDevFolder, readLogSigner } from '../../src/service/data-folder.js';
import { startKeyholder } from '../../src/service/start-keyholder.js';

export interface RigOptions {
  /** Of each part: the service's may lead through a proxy. */
  readonly url: (role: 'custos_service' | 'custos_keyholder' | 'custos_reader') => string;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly group: string;
  /** Arguments to Node that are the command line; left out, the built one. */
  readonly program?: readonly string[];
}

/** A vault whose services are processes of their own, `custos serve` in a production's way, that take one topic. */
export class IngestRig {
  private readonly services = new Set<ChildProcess>();
  private launched = 0;
  /** A service refuses to start while its database is away; whoever runs services starts another one. */
  onFailedStart: (env: Record<string, string>) => void = () => undefined;
  /** What services said, for a test that fails. */
  said = '';

  private constructor(
    private readonly folder: string,
    private readonly options: RigOptions,
    private readonly trust: Awaited<ReturnType<typeof loadTrust>>,
    private readonly pool: pg.Pool,
  ) {}

  /** The first life of the log, and one subject's key in it, from which as many sessions as wanted are sealed. */
  static async start(options: RigOptions, subject: string) {
    await sodiumReady();
    const folder = await mkdtemp(join(tmpdir(), 'custos-ingest-'));
    await initDevFolder(folder);
    const files = filesOf(folder);
    const trust = await loadTrust(files.trust);
    const rig = new IngestRig(
      folder,
      options,
      trust,
      openPool(options.url('custos_reader'), { connections: 2, name: 'test' }),
    );
    const key = await rig.issueKey(subject);
    const signer = await readSigningKey(signingKeyPath(folder, 'source'), () => Promise.reject(new Error('sealed')));
    const sealer = (session: string) =>
      SourceSealer.open({ origin: devOrigin, session, subject, catalogue, subjectKey: key, signer });
    return { rig, sealer };
  }

  private async issueKey(subject: string) {
    const { trust, options } = this;
    const files = filesOf(this.folder);
    const pool = openPool(options.url('custos_service'), { connections: 2, name: 'test' });
    const log = new Log({
      pool,
      identity: { origin: devOrigin, signer: await readLogSigner(files.logKey, devOrigin) },
      verifiers: [parseVerifierKey(trust.log)],
      slices: governanceSlices(trust),
    });
    await log.start();
    const held = await startKeyholder({
      databaseUrl: options.url('custos_keyholder'),
      rootKeyFile: files.rootKey,
      trustFile: files.trust,
      checkpointFile: files.keyholderCheckpoint,
    });
    try {
      const issue = new IssueSubjectKeyHandler(log, new SubjectKeys(log, held.keyholder));
      const { key } = await issue.execute(new IssueSubjectKey(subject as SubjectId));
      if (key === null) throw new Error('the subject is suppressed');
      return { keyId: key.keyId, publicKey: new Uint8Array(Buffer.from(key.publicKey, 'base64')) };
    } finally {
      await held.close();
      await log.close();
      await pool.end();
    }
  }

  /** Does not wait until it serves. */
  launch(env: Record<string, string> = {}): ChildProcess {
    const { url, brokers, topic, group, program = [join(process.cwd(), 'dist/cli/main.js')] } = this.options;
    const files = filesOf(this.folder);
    this.launched += 1;
    const child = spawn(process.execPath, [...program, 'serve'], {
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: url('custos_service'),
        // Nobody asks it for anything: only the source's end needs a keyholder.
        CUSTOS_KEYHOLDER_SOCKET: join(this.folder, 'none.sock'),
        CUSTOS_KEYHOLDER_SECRET_FILE: files.keyholderSecret,
        CUSTOS_LOG_KEY_FILE: files.logKey,
        CUSTOS_TRUST_FILE: files.trust,
        CUSTOS_CHECKPOINT_FILE: join(this.folder, `checkpoint-${this.launched}`),
        CUSTOS_JWKS_FILE: files.jwks,
        CUSTOS_TOKEN_ISSUER: devIssuer,
        CUSTOS_PORT: '0',
        CUSTOS_LOG_LEVEL: 'warn',
        KAFKA_BROKERS: brokers.join(),
        CUSTOS_KAFKA_TLS: 'off',
        CUSTOS_KAFKA_SASL: 'off',
        CUSTOS_KAFKA_PUBLISH: 'off',
        CUSTOS_KAFKA_INGEST_TOPICS: topic,
        CUSTOS_KAFKA_INGEST_GROUP: group,
        CUSTOS_KAFKA_STALLED_SECONDS: '10',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (chunk: Buffer) => (this.said = (this.said + chunk.toString()).slice(-20_000)));
    }
    this.services.add(child);
    child.once('exit', (code) => {
      this.services.delete(child);
      if (code !== null && code !== 0) this.onFailedStart(env);
    });
    return child;
  }

  /** Its URL, once it listens. */
  async listening(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      let said = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const [, url] = /listens on (\S+)/.exec(said) ?? [];
        if (url !== undefined) resolve(url);
      });
      child.once('exit', () => reject(new Error(`ended early: ${this.said}`)));
    });
  }

  get running(): readonly ChildProcess[] {
    return [...this.services];
  }

  verify(): ReturnType<typeof verifyLog> {
    const { trust, pool: db } = this;
    const verifiers = [parseVerifierKey(trust.log)];
    const governance = Governance.empty(governanceSlices(trust));
    return verifyLog({ db, origin: devOrigin, verifiers, governance, audit: () => undefined });
  }

  async end(): Promise<void> {
    await Promise.all(
      this.running.map((child) => {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        return ended;
      }),
    );
    await this.pool.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}
