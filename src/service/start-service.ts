import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../app.module.js';
import { governanceSlices } from '../governance.js';
import { projections } from '../history/projections/projections.js';
import { Projector } from '../history/projections/projector.js';
import { createApp } from '../http/create-app.js';
import { openLogger } from '../http/logger.js';
import { METRICS, type Metrics } from '../http/metrics.http.js';
import { eitherVerifier, ingestKeysKey, ingestKeyVerifier } from '../identity/ingest-keys.js';
import type { TokenIssuer } from '../identity/token-issuer.js';
import { tokenVerifier } from '../identity/tokens.js';
import { loadTrust } from '../identity/trust.js';
import type { KeyholderPort } from '../keys/keyholder-port.js';
import { CheckpointFile } from '../log/checkpoint-file.js';
import { openPool } from '../log/database.js';
import { Log } from '../log/log.js';
import { rememberCheckpoints, type Remembering } from '../log/remember-checkpoints.js';
import { formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { codeOf, Problem } from '../problem.js';
import { sodiumReady } from '../sealing/sodium.js';
import type { KnownLog } from '../witness/judge-checkpoint.js';
import type { Sending } from '../witness/send-checkpoints.js';
import { readLogSigner } from './data-folder.js';
import type { KafkaSettings } from './kafka-settings.js';
import { startIngest, type RunningIngest } from './start-ingest.js';
import { openWitnesses } from './service-witnesses.js';
import { startPublisher, type RunningPublisher } from './start-publisher.js';

export interface ServiceSettings {
  readonly databaseUrl: string;
  readonly logKeyFile: string;
  readonly trustFile: string;
  /** Outside the database: how far the log had come when this service last knew. */
  readonly checkpointFile: string;
  readonly tokenIssuer: TokenIssuer;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  /** Milliseconds that a post of records waits at most for others of its session. */
  readonly sealWithinMs?: number | undefined;
  /** Whom checkpoints are sent to; undefined for nobody. */
  readonly witnessesFile?: string | undefined;
  /** Left out: nothing of Kafka runs. */
  readonly kafka?: KafkaSettings | undefined;
}

export interface RunningService {
  readonly app: NestFastifyApplication;
  readonly log: Log;
  readonly url: string;
  /** No checkpoint was remembered, and the log had entries: nobody can tell whether it lost any. */
  readonly tookLogAsFound: boolean;
  /** Finishes what was accepted, then lets go of everything. */
  close(): Promise<void>;
}

const connections = 12;
/** Longer than any transaction that holds the head (migrations/0014), so that the server gives up first. */
const answersWithinMs = 45_000;
const bodyLimitBytes = 16 * 1024 * 1024;

/**
 * Starts the service: it seals and appends, and holds no key that opens. Refuses to listen before the whole log
 * has been replayed and verified.
 */
export async function startService(settings: ServiceSettings, keyholder: KeyholderPort): Promise<RunningService> {
  await sodiumReady();
  const tokens = await tokenVerifier(settings.tokenIssuer);
  const trust = await loadTrust(settings.trustFile);
  const signer = await readLogSigner(settings.logKeyFile, trust.origin);
  if (formatVerifierKey(signer.name, signer.publicKey) !== trust.log) throw new Problem('trust_file_invalid');
  const verifiers = [parseVerifierKey(trust.log)];
  // Before anything is opened: they may let us wait.
  const witnesses = await witnessesOf(settings, { origin: trust.origin, verifiers });
  const pool = openPool(settings.databaseUrl, { connections, name: 'custos service', answersWithinMs });
  const keeper = new CheckpointFile(settings.checkpointFile, { origin: trust.origin, verifiers });
  const log = new Log({
    pool,
    identity: { origin: trust.origin, signer },
    verifiers,
    slices: governanceSlices(trust),
    keeper,
    ...(witnesses === undefined ? {} : { elsewhere: witnesses.elsewhere }),
  });
  const logger = openLogger({ level: settings.logLevel, to: undefined });
  const projector = new Projector(log, pool, projections, (projection, error) =>
    logger.warn({ projection, code: codeOf(error) }, 'following the log failed, and is begun anew'),
  );
  let remembering: Remembering | undefined;
  const { kafka } = settings;
  let ingesting: RunningIngest | undefined;
  let sending: Sending | undefined;
  let publishing: RunningPublisher | undefined;
  try {
    const remembersNothing = (await keeper.last()) === undefined;
    const isNew = (await log.start()).isNew;
    remembering = rememberCheckpoints(keeper, () => log.checkpoint);
    const { check } = remembering;
    const { sealWithinMs } = settings;
    const app = await createApp(AppModule.of({ log, keyholder, trust, projector, sealWithinMs }), {
      bodyLimitBytes,
      docs: true,
      tokens: eitherVerifier(
        tokens,
        ingestKeyVerifier(trust.origin, async () => (await log.refreshed()).of(ingestKeysKey)),
      ),
      logLevel: settings.logLevel,
      readiness: [
        { name: 'log', check: async () => void (await log.reader.head()) },
        { name: 'checkpoint', check },
        ...(witnesses === undefined ? [] : [{ name: 'witnesses', check: witnesses.check }]),
        ...(kafka?.ingest === undefined
          ? []
          : [{ name: 'kafka-ingest', advisory: true as const, check: async () => ingesting?.check() }]),
        ...(kafka?.publish === undefined
          ? []
          : [{ name: 'kafka-publisher', advisory: true as const, check: async () => publishing?.check() }]),
        { name: 'projections', advisory: true, check: () => requireFolding(projector) },
      ],
    });
    if (kafka !== undefined) {
      const { registry } = app.get<Metrics>(METRICS);
      const { ingest, publish } = kafka;
      if (ingest !== undefined) ingesting = startIngest({ ...kafka, ingest }, { log, registry, logger });
      if (publish !== undefined) publishing = startPublisher({ ...kafka, publish }, { log, pool, registry, logger });
    }
    projector.start();
    witnesses?.count(app.get<Metrics>(METRICS).registry, log);
    sending = witnesses?.send(log);
    await app.listen(settings.port, settings.host);
    const close = async () => {
      await ingesting?.close();
      await publishing?.close();
      await app.close();
      await projector.close();
      await sending?.close();
      await log.close();
      await remembering?.close();
      await pool.end();
    };
    return { app, log, url: await app.getUrl(), tookLogAsFound: remembersNothing && !isNew, close };
  } catch (error) {
    await ingesting?.close();
    await publishing?.close();
    await projector.close();
    await sending?.close();
    await remembering?.close().catch(() => undefined);
    await pool.end();
    throw error;
  }
}

/** @throws Problem projection_stopped, with the position and the projection's name */
async function requireFolding(projector: Projector): Promise<void> {
  const stopped = (await projector.status()).find(({ stopped: why }) => why !== null);
  if (stopped !== undefined) throw new Problem('projection_stopped', { position: stopped.position });
}

const witnessesOf = ({ witnessesFile, logLevel }: ServiceSettings, known: KnownLog) =>
  witnessesFile === undefined ? undefined : openWitnesses(witnessesFile, known, logLevel);
