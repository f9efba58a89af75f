import type pg from 'pg';
import { judge } from '../access/judge-disclosure.js';
import { governanceSlices } from '../governance.js';
import type { TokenIssuer } from '../identity/token-issuer.js';
import { tokenVerifier, type TokenVerifier } from '../identity/tokens.js';
import { loadTrust } from '../identity/trust.js';
import { Keyholder } from '../keys/keyholder.js';
import { rootKeyFile } from '../keys/root-key-source.js';
import { SubjectKeyStore } from '../keys/subject-key-store.js';
import { transitSeal, type TransitSettings } from '../keys/transit.js';
import { CheckpointFile } from '../log/checkpoint-file.js';
import { openPool } from '../log/database.js';
import { parseVerifierKey } from '../merkle/note.js';
import { Problem } from '../problem.js';
import { publicKeyOf } from '../sealing/signature.js';
import { sodiumReady } from '../sealing/sodium.js';

export interface KeyholderSettings {
  readonly databaseUrl: string;
  readonly rootKeyFile: string;
  /** What the file is sealed by. Left out: it lies in the clear. */
  readonly transit?: TransitSettings;
  readonly trustFile: string;
  /** Its own memory of the log, which the service cannot write. */
  readonly checkpointFile: string;
  /** Whose word on who is a subject counts. Left out: nobody has a copy of their own. */
  readonly tokenIssuer?: TokenIssuer;
}

export interface RunningKeyholder {
  readonly keyholder: Keyholder;
  /** Keys of erased subjects that a restored backup had brought back. */
  readonly destroyed: number;
  /** Keys of subjects that the log knows, and that are not there. */
  readonly lost: number;
  /** No checkpoint was remembered, and the log had entries: nobody can tell whether it lost any. */
  readonly tookLogAsFound: boolean;
  close(): Promise<void>;
}

/** @throws Problem those of `RootKeySource.read`, root_key_wrong, trust_file_invalid, setting_invalid, and those of `Keyholder.start` */
export async function startKeyholder(settings: KeyholderSettings): Promise<RunningKeyholder> {
  await sodiumReady();
  const rootKeys = rootKeyFile(settings.rootKeyFile, settings.transit && transitSeal(settings.transit));
  const { attestation } = await rootKeys.read();
  const trust = await loadTrust(settings.trustFile);
  const tokens = settings.tokenIssuer === undefined ? nobody : await tokenVerifier(settings.tokenIssuer);
  // Another root key would attest keys that nobody accepts, and open nothing: say so before anything is written.
  if (!Buffer.from(publicKeyOf(attestation)).equals(trust.keyholder)) throw new Problem('root_key_wrong');
  const pool: pg.Pool = openPool(settings.databaseUrl, { connections: 4, name: 'custos keyholder' });
  const trusted = { origin: trust.origin, verifiers: [parseVerifierKey(trust.log)] };
  const keeper = new CheckpointFile(settings.checkpointFile, trusted);
  const keyholder = new Keyholder({
    pool,
    store: new SubjectKeyStore(pool),
    rootKeys,
    trusted,
    keeper,
    slices: governanceSlices(trust),
    judge,
    clock: Date.now,
    tokens,
  });
  try {
    const remembersNothing = (await keeper.last()) === undefined;
    const { destroyed, lost } = await keyholder.start();
    // It remembers as soon as there is anything.
    const tookLogAsFound = remembersNothing && (await keeper.last()) !== undefined;
    const close = async () => {
      // A database that is gone already keeps nobody from ending.
      await keyholder.close().catch(() => undefined);
      await pool.end();
    };
    return { keyholder, destroyed, lost, tookLogAsFound, close };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

const nobody: TokenVerifier = { verify: () => Promise.reject(new Problem('token_invalid')) };
